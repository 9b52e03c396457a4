import { assertEquals, assertGreater, assertInstanceOf, assertRejects } from "@std/assert";
import { Lab, type Node } from "@netyard/netyard";
import { undoing } from "../../../lib/lab/model/undo.ts";
import { failAt, Fault, OPERATIONS, Site, stepsOf } from "./faults.ts";
import { config, expectPings } from "../kit.ts";

const nodesOf = ({ lab }: Site): Node[] => [
  lab.ix,
  ...lab.regions,
  ...lab.routers,
  ...lab.devices,
];
const picture = (site: Site) => nodesOf(site).map((node) => [node.name, config(node)]);

/** All nodes with their addresses, MACs and neighbours, as the lab knows them. */
const model = ({ lab }: Site) => [
  ...lab.regions.map(({ name, cidr, cidr6, linkedWith }) => [name, cidr, cidr6, linkedWith]),
  ...[...lab.routers, ...lab.devices].map(({ name, interfaces }) => [
    name,
    interfaces.map(({ name, ip, ip6, mac, mtu, gateway, isUp }) => [
      name,
      ip,
      ip6,
      mac,
      mtu,
      gateway,
      isUp,
    ]),
  ]),
];

for (const [name, operation] of Object.entries(OPERATIONS)) {
  Deno.test(`a step that fails undoes all: ${name}`, async () => {
    await using untouched = await Site.create();
    const steps = await stepsOf(operation, untouched);
    assertGreater(steps.length, 0);

    await using site = await Site.create();
    const before = { picture: picture(site), model: model(site) };
    for (const [n, step] of steps.entries()) {
      {
        using _failing = failAt(n);
        await assertRejects(() => operation(site), Fault, `${step} (${n})`);
      }
      assertEquals(model(site), before.model, `after ${step} (${n}) failed`);
    }
    assertEquals(picture(site), before.picture, `after each of ${steps.join(", ")} failed once`);
    const [phone, pc] = [site.phone, site.lab.device("pc")];
    await expectPings([[phone, site.lab.ix.ip, true], [pc, phone.ip6!, true]]);

    await operation(site);
    assertEquals(model(site), model(untouched));
    await expectPings([[phone, site.lab.ix.ip6, true], [phone, pc.ip!, true]]);
  });
}

Deno.test("an interface that is down stays down when replugging it fails", async () => {
  await using site = await Site.create();
  const wlan = site.phone.interface("wlan0");
  await wlan.linkDown();
  const before = picture(site);
  for (const n of [0, 1, 2]) {
    using _failing = failAt(n);
    await assertRejects(() => wlan.replug("one"), Fault);
    assertEquals([wlan.isUp, wlan.gateway], [false, "two"]);
  }
  assertEquals(picture(site), before);
  await wlan.linkUp();
  await expectPings([[site.phone, site.lab.ix.ip, true]]);
});

Deno.test("the first error is thrown, and an error while undoing is its cause", async () => {
  await using site = await Site.create();
  const wlan = site.phone.interface("wlan0");
  {
    using _failing = failAt(1, true);
    const error = await assertRejects(() => wlan.replug("empty"), Fault, "addresses (1)");
    assertInstanceOf(error.cause, AggregateError);
    assertEquals(error.cause.errors.map(({ message }) => message), ["link (2)"]);
  }
  // The plug is in neither router now, and still goes into either.
  await expectPings([[site.phone, site.lab.ix.ip, false]]);
  await wlan.replug("one");
  await expectPings([[site.phone, site.lab.ix.ip, true]]);
  await site.lab.remove(site.phone);
});

Deno.test("undoing runs in reverse order, and completes despite errors", () => {
  const done: string[] = [];
  const fail = (text: string) => {
    done.push(text);
    throw new Error(text);
  };
  const error = (() => {
    try {
      return undoing((defer) => {
        defer(() => done.push("first"));
        defer(() => fail("second"));
        defer(() => fail("third"));
        throw new TypeError("it", { cause: "why" });
      });
    } catch (error) {
      return error;
    }
  })();
  assertInstanceOf(error, TypeError);
  assertInstanceOf(error.cause, AggregateError);
  assertEquals(error.message, "it");
  assertEquals(error.cause.errors.map(String), ["why", "Error: third", "Error: second"]);
  assertEquals(done, ["third", "second", "first"]);
  assertEquals(undoing((defer) => (defer(() => done.push("never")), 7)), 7);
  assertEquals(done.length, 3);
});

Deno.test("signals interrupt nothing", async () => {
  // A process of its own: signals are for all of its threads.
  const script = new URL("./signals_main.ts", import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script],
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(out, "0\n0\ntrue\n", err);
});

Deno.test("a lab that cannot be created leaves nothing", async () => {
  {
    using _failing = failAt(0);
    await assertRejects(() => Lab.create(), Fault, "namespace (0)");
  }
  await using lab = await Lab.create();
  assertEquals(lab.routers, []);
});
