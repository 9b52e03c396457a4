import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { Lab, LabClosedError, type LabEvent, NetyardError, type Node } from "@netyard/netyard";
import { config } from "../kit.ts";
import { REFUSALS, World } from "./refusals/mod.ts";

/** All of a lab that could have been changed. */
async function picture({ lab, other }: World) {
  lab.emit("mark");
  const events: LabEvent[] = [];
  for await (const event of lab.events()) {
    events.push(event);
    if (event.kind === "custom") break;
  }
  const nodes: Node[] = [
    lab.ix,
    ...lab.regions,
    ...lab.routers,
    ...lab.devices,
    other.ix,
    ...other.regions,
    ...other.routers,
  ];
  return {
    nodes: nodes.map((node) => [node.name, config(node)]),
    events: events.map(({ kind }) => kind).filter((kind) => !kind.startsWith("command-")),
  };
}

/** What the next nodes get, which a lab must not lose count of. */
async function next({ lab, pc }: World) {
  const router = await lab.addRouter("next", { preset: "home" });
  const device = await lab.addDevice("next-device", {
    interfaces: { eth0: { gateway: "home" }, eth1: { gateway: router } },
  });
  await pc.addInterface("eth1", { gateway: "six" });
  const region = await lab.addRegion("next");
  await lab.linkRegions(region, "us", {});
  const inside = await lab.addRouter("inside", { region });
  return [inside, router, device, pc].flatMap(({ interfaces }) =>
    interfaces.map(({ name, ip, ip6, mac, linkLocal6 }) => [name, ip, ip6, mac, linkLocal6])
  );
}

async function refused(ask: () => unknown): Promise<unknown> {
  try {
    return `nothing: it returned ${await ask()}`;
  } catch (error) {
    return error;
  }
}

Deno.test("invalid options are refused with the value and the rule", async (t) => {
  await using world = await World.create();
  const before = await picture(world);
  for (const [name, ask, type, ...says] of REFUSALS) {
    await t.step(name, async () => {
      const error = await refused(() => ask(world));
      assertInstanceOf(error, type);
      assertInstanceOf(error, NetyardError);
      assertEquals(error.name, type.name);
      for (const text of says) assertStringIncludes(error.message, text);
    });
  }
  const after = await picture(world);
  assertEquals(after.nodes, before.nodes);
  assertEquals(after.events, before.events);
  await using untouched = await World.create();
  assertEquals(await next(world), await next(untouched));
});

Deno.test("a closed lab refuses all changes, and still answers what it knows", async () => {
  const lab = await Lab.create({ label: "done" });
  const home = await lab.addRouter("home");
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  const eth0 = pc.interface("eth0");
  const eu = await lab.addRegion("eu");
  await lab.close();
  for (
    const use of [
      () => lab.addRouter("x"),
      () => lab.addDevice("x", { interfaces: { eth0: { gateway: home } } }),
      () => lab.addRegion("x"),
      () => lab.addDefaultRegions(),
      () => lab.linkRegions(eu, eu, {}),
      () => lab.unlinkRegions(eu, eu),
      () => lab.breakRegionLink(eu, eu),
      () => lab.restoreRegionLink(eu, eu),
      () => lab.remove(eu),
      () => eu.runSync(() => 1),
      () => lab.remove(pc),
      () => lab.dnsEntry("a.test", "1.2.3.4"),
      () => lab.setNameserver("1.2.3.4"),
      () => lab.emit("x"),
      () => pc.addInterface("eth1", { gateway: home }),
      () => pc.removeInterface("eth0"),
      () => pc.setDefaultRoute("eth0"),
      () => pc.dnsEntry("a.test", "1.2.3.4"),
      () => pc.run(() => 1),
      () => pc.runSync(() => 1),
      () => pc.command("true"),
      () => pc.$,
      () => pc.spawn("x.ts"),
      () => pc.spawnReflector(),
      () => pc.probeUdpMapping({ ip: "1.2.3.4", port: 5 }),
      () => lab.ix.runSync(() => 1),
      () => eth0.linkDown(),
      () => eth0.linkUp(),
      () => eth0.replug(home),
      () => eth0.renewIp(),
      () => eth0.addIp("1.2.3.4", 24),
      () => eth0.counters(),
      () => home.interface("ix").linkDown(),
      () => home.setNat("home"),
      () => home.flushNatState(),
      () => home.setFirewall("none"),
      () => eth0.setCondition("wifi"),
      () => eth0.measure(),
      () => home.setDownlinkCondition(null),
      () => lab.inject({ kind: "link-down", node: pc, interface: "eth0" }),
      () => lab.schedule([]),
    ]
  ) {
    await assertRejects(
      async () => await use(),
      LabClosedError,
      'lab "done" is closed',
      String(use),
    );
  }
  assertEquals([lab.devices.length, lab.routers.length, pc.ip], [1, 1, "198.19.1.2"]);
  assertEquals(lab.env.NETYARD_IP_PC, "198.19.1.2");
  const kinds = (await Array.fromAsync(lab.events())).map(({ kind }) => kind);
  assertEquals(kinds, [
    "lab-created",
    "router-added",
    "device-added",
    "region-added",
    "lab-closed",
  ]);
});
