import { assertEquals, assertRejects } from "@std/assert";
import { Lab, NodeRemovedError, NotFoundError, TopologyError } from "@netyard/netyard";
import { eventsOf, expectPings, ip, pings } from "../kit.ts";
import { observeSteps } from "../../../lib/lab/model/steps.ts";

// a -- b -- c, three bridges with a device each
async function chain() {
  const lab = await Lab.create();
  const [a, b, c] = ["a", "b", "c"].map((name) => lab.bridge(name));
  const [one, two, three] = await Promise.all(
    [a, b, c].map((gateway, i) =>
      lab.addDevice(`d${i + 1}`, { interfaces: { eth0: { gateway } } })
    ),
  );
  return { lab, a, b, c, one, two, three };
}

Deno.test("members of routed bridges reach each other, in both directions and both families", async () => {
  const { lab, a, b, one, two } = await chain();
  await using _ = lab;
  await expectPings([[one, two.ip!, false], [one, two.ip6!, false]]);
  await a.route(b);
  assertEquals([a.routes, b.routes], [["b"], ["a"]]);
  await expectPings([
    [one, two.ip!, true],
    [two, one.ip!, true],
    [one, two.ip6!, true],
    [two, one.ip6!, true],
    [one, b.gateway!, true],
  ]);
  await b.route("a");
  assertEquals([a.routes, b.routes], [["b"], ["a"]], "route() is idempotent");
  await b.unroute(a);
  await b.unroute(a);
  assertEquals([a.routes, b.routes], [[], []]);
  await expectPings([[one, two.ip!, false], [two, one.ip6!, false]]);
});

Deno.test("routing between bridges is not transitive", async () => {
  const { lab, a, b, c, one, two, three } = await chain();
  await using _ = lab;
  await a.route(b);
  await b.route(c);
  assertEquals([a.routes, b.routes, c.routes], [["b"], ["a", "c"], ["b"]]);
  await expectPings([
    [one, two.ip!, true],
    [three, two.ip!, true],
    [one, three.ip!, false],
    [three, one.ip!, false],
    [one, three.ip6!, false],
    [one, c.gateway!, false],
  ]);
  await a.route([b, c]);
  await expectPings([[one, three.ip!, true], [three, one.ip6!, true]]);
});

// lan (laptop) -- home (NAT) -- ix;  home.lan -- rack
Deno.test("the LAN of a router is routed to a bridge, past its NAT", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const home = await lab.addRouter("home", { preset: "home" });
  const rack = lab.bridge("rack");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
  const nas = await lab.addDevice("nas", { interfaces: { eth0: { gateway: rack } } });
  await home.lan.route(rack);
  await expectPings([
    [laptop, nas.ip!, true],
    [nas, laptop.ip!, true],
    [nas, laptop.ip6!, true],
    [laptop, server.ip!, true],
    [nas, server.ip!, false],
  ]);
  assertEquals(ip(home, "link show type veth").length > 1, true);
  await lab.remove(laptop);
  await lab.remove(home);
  assertEquals(rack.routes, []);
});

Deno.test("several bridges are routed together or not at all", async () => {
  const { lab, a, b, c } = await chain();
  await using _ = lab;
  await assertRejects(() => a.route([b, "nowhere"]), NotFoundError, '"nowhere"');
  await assertRejects(() => a.route([b, a]), TopologyError, "itself");
  let count = 0;
  {
    using _ = observeSteps((step) => {
      if (step === "routes" && ++count === 2) throw new Error("test");
    });
    await assertRejects(() => a.route([b, c]), Error, "test");
  }
  assertEquals([a.routes, b.routes, c.routes], [[], [], []]);
  await a.route([b, c]);
  assertEquals(a.routes, ["b", "c"]);
  const kinds = (await eventsOf(lab)).filter(({ kind }) => kind === "bridges-routed");
  assertEquals(kinds.length, 2);
});

Deno.test("a closed bridge has no routes left", async () => {
  const { lab, a, b, one, two } = await chain();
  await using _ = lab;
  await a.route(b);
  await b.close();
  assertEquals(a.routes, []);
  await assertRejects(() => a.route(b), NodeRemovedError);
  const again = lab.bridge("b");
  await again.attach(two);
  await a.route(again);
  assertEquals(await pings(one, two.ip!), true);
});

Deno.test("bridges without a common family are not routed", async () => {
  await using lab = await Lab.create();
  const v4 = await lab.addRouter("v4", { ipSupport: "v4-only" });
  const v6 = await lab.addRouter("v6", { ipSupport: "v6-only" });
  await assertRejects(() => v4.lan.route(v6.lan), TopologyError, "no address family in common");
  const both = lab.bridge("both");
  await both.route([v4.lan, v6.lan]);
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: v6 } } });
  const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: both } } });
  assertEquals(await pings(b, a.ip6!), true);
});
