import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Lab,
  type LabEvent,
  type LinkEngineKind,
  NodeRemovedError,
  readRun,
} from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { expectPings, pings } from "../../lab/kit.ts";
import { assertIn, at, counting, flood, Link, takes } from "../kit.ts";

export function lifeCases(engine: LinkEngineKind): void {
  // ix -- home(phone, tv);  ix -- cafe(phone later)
  Deno.test(`a condition stays with an interface wherever it is plugged in: ${engine}`, async () => {
    await using lab = await Lab.create({ linkEngine: engine, seed: 1 });
    const home = await lab.addRouter("home", { preset: "home" });
    const cafe = await lab.addRouter("cafe", { preset: "home" });
    const tv = await lab.addDevice("tv", at(home));
    const phone = await lab.addDevice("phone", at(home, { latencyMs: 10 }));
    const eth0 = phone.interface("eth0");
    const has = async (up: number, down: number) => {
      const expected = { up: { latencyMs: up }, down: { latencyMs: down } };
      assertEquals(eth0.conditions, expected);
      assertEquals(eth0.condition, up === down ? expected.up : undefined);
      await takes(up + down, phone, lab.ix.ip);
      await takes(up + down, phone, lab.ix.ip);
    };
    await has(10, 10);
    await takes(20, tv, phone.ip!);
    await eth0.replug(cafe);
    await has(10, 10);
    await eth0.setCondition({ latencyMs: 25 }, "down");
    await has(10, 25);
    await eth0.linkDown();
    await eth0.replug(home);
    await eth0.setCondition({ latencyMs: 5 }, "up");
    await eth0.linkUp();
    await has(5, 25);
    await eth0.replug(home);
    await phone.interface("eth0").renewIp();
    await has(5, 25);
    await takes(30, tv, phone.ip!);

    const wlan0 = await phone.addInterface("wlan0", {
      gateway: cafe,
      condition: { up: "wifi", down: { latencyMs: 8 } },
    });
    assertEquals(wlan0.conditions, {
      up: { latencyMs: 5, jitterMs: 2, lossPct: 0.1 },
      down: { latencyMs: 8 },
    });
    await phone.setDefaultRoute("wlan0");
    await takes(11, phone, lab.ix.ip, 4);
    await phone.removeInterface("wlan0");
    assertThrows(() => wlan0.condition, NodeRemovedError);
    await has(5, 25);
  });

  Deno.test(`a link that goes down drops the packets on their way: ${engine}`, async () => {
    await using link = await Link.create(engine, { latencyMs: 300 });
    const { device, eth0, gateway, router } = link;
    const [up, down] = [counting(router), counting(device)];
    const send = () =>
      Promise.all([
        flood(device, gateway, { count: 50 }),
        flood(router, device.ip!, { count: 50 }),
      ]);
    await send();
    await eth0.linkDown();
    await eth0.linkUp();
    assertEquals(eth0.condition, { latencyMs: 300 });
    await takes(600, device, gateway);
    assertEquals([up(), down()], [0, 0], "nothing came from before");
    await send();
    await waitUntil(() => up() === 50 && down() === 50);
    if (engine === "emulator") {
      const counters = await eth0.counters();
      for (const way of ["up", "down"] as const) {
        assertIn(counters[way]!.dropped, [50, 60], `${way} dropped`);
        assert(counters[way]!.packets >= 100);
      }
    }
  });

  // ix -- x(a, b);  ix -- y(c);  each sends to the IX all the time
  Deno.test(`a removal under traffic does not affect other nodes: ${engine}`, async () => {
    await using lab = await Lab.create({ linkEngine: engine, seed: 1 });
    const x = await lab.addRouter("x", { downlinkCondition: { latencyMs: 4 } });
    const y = await lab.addRouter("y", { downlinkCondition: { latencyMs: 7 } });
    const a = await lab.addDevice("a", at(x, { latencyMs: 3, lossPct: 1 }));
    const b = await lab.addDevice("b", at(x, { latencyMs: 10 }));
    const c = await lab.addDevice("c", at(y, { latencyMs: 5, jitterMs: 1 }));
    await c.addInterface("eth1", { gateway: x, condition: { latencyMs: 20 } });
    const floods = [a, c].map((device) =>
      device.command("ping", { args: ["-q", "-f", lab.ix.ip], stdout: "null" }).spawn()
    );
    const watch = b.command("ping", {
      args: ["-n", "-q", "-i", "0.01", "-c", "60", "-W", "3", lab.ix.ip],
    }).output();
    const status = Promise.all(floods.map((flood) => flood.status));
    await takes(24, b, lab.ix.ip);
    await c.removeInterface("eth1");
    await takes(24, b, lab.ix.ip);
    await lab.remove(a);
    await takes(24, b, lab.ix.ip);
    await lab.remove(c);
    await lab.remove(y);
    await status;
    await takes(24, b, lab.ix.ip6);
    const text = new TextDecoder().decode((await watch).stdout);
    assert(text.includes("60 received, 0% packet loss"), text);
    const again = await lab.addDevice("again", at(x, { latencyMs: 2 }));
    await takes(8, again, lab.ix.ip);
    await expectPings([[again, b.ip!, true]]);
  });

  Deno.test(`conditions, seed and engine are in the events and in the state: ${engine}`, async () => {
    const outDir = await Deno.makeTempDir({ prefix: "conditions-" });
    try {
      const lab = await Lab.create({ linkEngine: engine, seed: 77, outDir });
      assertEquals([lab.linkEngine, lab.seed], [undefined, 77]);
      const r = await lab.addRouter("r", { downlinkCondition: "satellite" });
      const d = await lab.addDevice("d", at(r, { up: "wifi", down: { latencyMs: 3 } }));
      const eth0 = d.interface("eth0");
      await eth0.setCondition({ lossPct: 2 }, "down");
      await eth0.setCondition("mobile-4g");
      await eth0.setCondition(null, "up");
      await r.setDownlinkCondition({ rateKbit: 5_000 });
      await r.interface("ix").setCondition("wifi");
      await r.interface("ix").setCondition(null);
      assertEquals(await pings(d, lab.ix.ip), true);
      assertEquals(lab.linkEngine, engine);
      const { outDir: path } = lab;
      await lab.close();
      const { events, state } = await readRun(path!);
      const of = (kind: LabEvent["kind"]) =>
        events.filter((event) => event.kind === kind).map((event) => {
          const { node, name, direction, condition } = event as unknown as Record<string, unknown>;
          return [node, name, direction, condition].filter((value) => value !== undefined);
        });
      assertEquals(of("condition-changed"), [
        ["d", "eth0", "down", { lossPct: 2 }],
        ["d", "eth0", "both", "mobile-4g"],
        ["d", "eth0", "up", null],
        ["r", "ix", "both", "wifi"],
        ["r", "ix", "both", null],
      ]);
      assertEquals(of("downlink-condition-changed"), [[{ rateKbit: 5_000 }]]);
      assertEquals([state.seed, state.routers.r.downlinkCondition], [77, { rateKbit: 5_000 }]);
      const [{ condition }] = state.devices.d.interfaces;
      assertEquals(condition, { up: null, down: "mobile-4g" });
      assertEquals(state.routers.r.interfaces[0].condition, undefined);
    } finally {
      await Deno.remove(outDir, { recursive: true });
    }
  });
}
