import { assert, assertEquals } from "@std/assert";
import {
  Lab,
  type LinkCondition,
  type LinkDirections,
  type LinkEngineKind,
} from "@netyard/netyard";
import { LINK_PRESETS } from "../../../lib/link/mod.ts";
import { at, Link, SLACK_MS, takes } from "../kit.ts";

/** The requested conditions. */
const ROUND_TRIPS: [name: string, LinkCondition | LinkDirections][] = [
  ...Object.keys(LINK_PRESETS).map((preset) => [preset, preset] as [string, LinkCondition]),
  ["exact", { latencyMs: 12.5 }],
  ["even", { latencyMs: 60, jitterMs: 5 }],
  ["apart", { up: { latencyMs: 30 }, down: { latencyMs: 5 } }],
  ["up-only", { up: { latencyMs: 25 } }],
  ["down-preset", { down: "mobile-3g" }],
  ["fast", { latencyMs: 3, rateKbit: 1_000_000 }],
];

function oneWay(condition: LinkCondition | null | undefined): { ms: number; widthMs: number } {
  const limits = typeof condition === "string" ? LINK_PRESETS[condition] : condition ?? {};
  const { latencyMs = 0, jitterMs = 0 } = limits;
  return { ms: Math.max(0, latencyMs - jitterMs), widthMs: 2 * jitterMs };
}

export function delayCases(engine: LinkEngineKind): void {
  // ix -- r(a device for each)
  Deno.test(`a round trip has the requested delay of the links: ${engine}`, async () => {
    await using lab = await Lab.create({ linkEngine: engine, seed: 1 });
    const r = await lab.addRouter("r");
    await Promise.all(ROUND_TRIPS.map(async ([name, condition]) => {
      const device = await lab.addDevice(name, at(r, condition));
      const apart = typeof condition === "object" && ("up" in condition || "down" in condition)
        ? condition as LinkDirections
        : { up: condition as LinkCondition, down: condition as LinkCondition };
      const [up, down] = [oneWay(apart.up), oneWay(apart.down)];
      const width = up.widthMs + down.widthMs;
      await Promise.all([
        takes(up.ms + down.ms, device, r.downstreamGateway!, width),
        takes(up.ms + down.ms, device, r.downstreamGateway6!, width),
        takes(up.ms + down.ms, r, device.ip!, width),
      ]);
    }));
    assertEquals(lab.linkEngine, engine);
  });

  Deno.test(`a direction has its own delay, at run time too: ${engine}`, async () => {
    await using link = await Link.create(engine);
    const { device, router, gateway, eth0 } = link;
    for (
      const [ms, set] of [
        [40, () => eth0.setCondition({ latencyMs: 20 })],
        [50, () => eth0.setCondition({ latencyMs: 30 }, "up")],
        [32.5, () => eth0.setCondition({ latencyMs: 2.5 }, "down")],
        [30, () => eth0.setCondition("lan", "down")],
        [0, () => eth0.setCondition({ latencyMs: 0 }, "up")],
        [3, () => eth0.setCondition("wifi", "down")],
        [0, () => eth0.setCondition(null)],
      ] as const
    ) {
      await set();
      await takes(ms, device, gateway);
      await takes(ms, router, device.ip6!);
    }
    await eth0.setCondition({ latencyMs: 30 }, "up");
    await eth0.setCondition({ latencyMs: 7 }, "down");
    const { up, down } = await eth0.measure({ probes: 50 });
    for (const [found, ms] of [[up, 30], [down, 7]] as const) {
      assertEquals(found.asked, { latencyMs: ms });
      assertEquals(found.received, 50);
      assert(found.minMs >= ms && found.minMs < ms + SLACK_MS / 2, `${found.minMs} ms`);
    }
  });

  // ix -- home(pc), ix -- dc(server): the uplink of a router has a condition as a device's link has
  Deno.test(`the condition of a router's uplink affects all downstream nodes: ${engine}`, async () => {
    await using lab = await Lab.create({ linkEngine: engine });
    const home = await lab.addRouter("home", { preset: "home" });
    const dc = await lab.addRouter("dc");
    const server = await lab.addDevice("server", at(dc));
    const pc = await lab.addDevice("pc", at(home, { latencyMs: 5 }));
    await takes(10, pc, server.ip!);
    await home.interface("ix").setCondition({ latencyMs: 15 });
    await takes(40, pc, server.ip!);
    await takes(30, home, server.ip!);
    await takes(10, home, pc.ip!);
    await home.interface("ix").setCondition(null);
    await takes(10, pc, server.ip!);
  });

  // ix -- north(a) -- 40 ms -- south(b)
  Deno.test(`latency between regions adds to conditions of links: ${engine}`, async () => {
    await using lab = await Lab.create({ linkEngine: engine });
    for (const name of ["north", "south"]) await lab.addRegion(name);
    await lab.linkRegions("north", "south", { latencyMs: 20 });
    const ra = await lab.addRouter("ra", { region: "north" });
    const rb = await lab.addRouter("rb", {
      region: "south",
      downlinkCondition: { latencyMs: 12 },
    });
    const a = await lab.addDevice("a", at(ra, { latencyMs: 10 }));
    const b = await lab.addDevice("b", at(rb, { up: { latencyMs: 3 } }));
    await takes(40 + 20 + 12 + 3, a, b.ip!);
    await takes(40 + 20 + 12 + 3, b, a.ip6!);
    await a.interface("eth0").setCondition(null);
    await lab.linkRegions("north", "south", { latencyMs: 5 });
    await takes(10 + 12 + 3, a, b.ip6!);
  });
}
