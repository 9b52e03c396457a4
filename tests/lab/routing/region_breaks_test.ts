import { assert, assertEquals } from "@std/assert";
import { type Device, Lab, type Node, type Region, RegionLink } from "@netyard/netyard";
import { config, expectPings, ip, pings, sh } from "../kit.ts";

/** eu(a), us(b) and asia(c), each linked with each;  ix -- plain(d) */
class World implements AsyncDisposable {
  private constructor(
    readonly lab: Lab,
    readonly regions: Record<"us" | "eu" | "asia", Region>,
    readonly devices: Record<"a" | "b" | "c" | "d", Device>,
  ) {}

  static async create(): Promise<World> {
    const lab = await Lab.create();
    const us = await lab.addRegion("us");
    const eu = await lab.addRegion("eu");
    const asia = await lab.addRegion("asia");
    await lab.linkRegions(us, eu, RegionLink.good(0));
    await lab.linkRegions(us, asia, RegionLink.good(0));
    await lab.linkRegions(asia, eu, RegionLink.good(0));
    const at = async (name: string, region?: Region) => {
      const gateway = await lab.addRouter(`r-${name}`, { region });
      return lab.addDevice(name, { interfaces: { eth0: { gateway } } });
    };
    const devices = {
      a: await at("a", eu),
      b: await at("b", us),
      c: await at("c", asia),
      d: await at("d"),
    };
    return new World(lab, { us, eu, asia }, devices);
  }

  get nodes() {
    return [this.lab.ix, ...this.lab.regions, ...this.lab.routers];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}

/** Which link a region would send a packet by; undefined for none. */
function wayOut(region: Region, to: string): string | undefined {
  const { success, stdout } = region.command("ip", { args: ["-j", "route", "get", to] })
    .outputSync();
  return success ? JSON.parse(new TextDecoder().decode(stdout))[0].dev : undefined;
}

/** How many packets a node sent on, of both families: by its counters (snmp_counter.rst). */
function forwarded(node: Node): number {
  return sh(node, "nstat -asz IpForwDatagrams Ip6OutForwDatagrams").split("\n")
    .map((line) => Number(line.match(/^Ip\S+ +(\d+)/)?.[1] ?? 0))
    .reduce((a, b) => a + b);
}

const pair = (a: Device, b: Device, answers: boolean): [Device, string, boolean][] => [
  [a, b.ip!, answers],
  [b, a.ip!, answers],
  [a, b.ip6!, answers],
  [b, a.ip6!, answers],
];

Deno.test("with its link broken, traffic takes the path through the third region", async () => {
  await using world = await World.create();
  const { lab, regions: { us, eu, asia }, devices: { a, b, c } } = world;
  const before = world.nodes.map(config);
  assertEquals([wayOut(eu, b.ip!), wayOut(eu, b.ip6!)], ["region-us", "region-us"]);
  for (const _ of [1, 2]) {
    await lab.breakRegionLink(eu, us);
    await lab.breakRegionLink("us", "eu"); // Idempotent.
    assertEquals([wayOut(eu, b.ip!), wayOut(eu, b.ip6!)], ["region-asia", "region-asia"]);
    assertEquals([wayOut(us, a.ip!), wayOut(us, a.ip6!)], ["region-asia", "region-asia"]);
    const [byAsia, byIx] = [forwarded(asia), forwarded(lab.ix)];
    await expectPings(pair(a, b, true));
    assertEquals(forwarded(asia) - byAsia, 8, "four pings and their answers");
    await expectPings([...pair(a, c, true), ...pair(b, c, true)]);
    assertEquals(forwarded(lab.ix), byIx);
    assert(sh(a, `ping -n -c 1 -W 1 -t 3 ${b.ip} || true`).includes(`From ${asia.ip}`));

    await lab.restoreRegionLink(us, eu);
    await lab.restoreRegionLink("eu", "us");
    assertEquals(world.nodes.map(config), before);
    assertEquals([wayOut(eu, b.ip!), wayOut(us, a.ip6!)], ["region-us", "region-eu"]);
    await expectPings(pair(a, b, true));
  }
});

Deno.test("without a path, packets are dropped silently, and never go over the IX", async () => {
  await using world = await World.create();
  const { lab, regions: { us, eu, asia }, devices: { a, b, c, d } } = world;
  await lab.breakRegionLink(us, eu);
  await lab.breakRegionLink(us, asia);
  const byIx = forwarded(lab.ix);
  for (const to of [b.ip!, b.ip6!, us.ip, us.ip6]) {
    const args = ["-n", "-c", "2", "-i", "0.1", "-W", "0.5", to];
    const { code, stdout } = await a.command("ping", { args }).output();
    assertEquals(code, 1);
    assert(!/From|unreachable/i.test(new TextDecoder().decode(stdout)));
  }
  assertEquals(wayOut(eu, b.ip!), undefined);
  await expectPings([[b, a.ip!, false], [b, c.ip6!, false], [c, b.ip!, false]]);
  assertEquals(forwarded(lab.ix), byIx);
  // Others are reached as before.
  await expectPings([...pair(a, c, true), ...pair(a, d, true), ...pair(b, d, true)]);

  // What is added meanwhile is cut off as well, and comes back with all else.
  const late = await lab.addRouter("late", { region: us });
  const e = await lab.addDevice("e", { interfaces: { eth0: { gateway: late } } });
  await expectPings([...pair(b, e, true), ...pair(a, e, false)]);
  await lab.restoreRegionLink(us, asia);
  await expectPings([...pair(a, e, true), ...pair(a, b, true)]);
  assertEquals(wayOut(eu, e.ip!), "region-asia");
});

Deno.test("regions without a link left reach each other over the IX", async () => {
  await using world = await World.create();
  const { lab, regions: { us, eu }, devices: { a, b } } = world;
  await lab.unlinkRegions("us", "asia");
  assertEquals(wayOut(eu, b.ip!), "region-us");
  await lab.breakRegionLink(us, eu);
  await expectPings(pair(a, b, false));
  await lab.unlinkRegions(us, eu);
  assertEquals([wayOut(eu, b.ip!), wayOut(us, a.ip6!)], ["ix", "ix"]);
  await expectPings(pair(a, b, true));
  await lab.linkRegions(us, eu, RegionLink.good(0));
  assertEquals([wayOut(eu, b.ip!), wayOut(us, a.ip6!)], ["region-us", "region-eu"]);
  await expectPings(pair(a, b, true));
});

Deno.test("a direct link is taken whatever its latency, and a detour only while it is broken", async () => {
  await using world = await World.create();
  const { lab, regions: { us, eu }, devices: { a, b } } = world;
  assertEquals(wayOut(eu, b.ip!), "region-us");
  await lab.linkRegions(us, eu, { latencyMs: 1 }); // Another condition on the same link.
  assertEquals([wayOut(eu, b.ip!), wayOut(us, a.ip6!)], ["region-us", "region-eu"]);
  assertEquals([eu.linkedWith, us.linkedWith], [["asia", "us"], ["asia", "eu"]]);
  await expectPings(pair(a, b, true));
  await lab.breakRegionLink(us, eu);
  await lab.linkRegions(eu, us, {}); // A broken one stays broken.
  assertEquals(wayOut(eu, b.ip!), "region-asia");
  await lab.restoreRegionLink(us, eu);
  assertEquals(wayOut(eu, b.ip!), "region-us");
});

Deno.test("TCP connections survive when all links break and are restored", async () => {
  await using world = await World.create();
  const { lab, regions: { us, eu, asia }, devices: { a, b } } = world;
  const hosts: [string, string][] = [[b.ip!, "4"], [b.ip6!, "6"]];
  for (const [hostname] of hosts) {
    const listener = b.runSync(() => Deno.listen({ hostname, port: 0 }));
    const { port } = listener.addr as Deno.NetAddr;
    const [client, server] = await Promise.all([
      a.runSync(() => Deno.connect({ hostname, port })),
      listener.accept(),
    ]);
    const say = async (text: string) => {
      const buffer = new Uint8Array(64);
      await client.write(new TextEncoder().encode(text));
      const n = await server.read(buffer) ?? 0;
      return new TextDecoder().decode(buffer.subarray(0, n));
    };
    assertEquals(await say("before"), "before");
    await lab.breakRegionLink(us, eu);
    assertEquals(await say("over asia"), "over asia");
    await lab.breakRegionLink(asia, eu);
    const heard = say("in the dark");
    const early = await Promise.race([
      heard,
      new Promise((done) => setTimeout(() => done("nothing"), 600)),
    ]);
    assertEquals(early, "nothing");
    await lab.restoreRegionLink(us, eu);
    assertEquals(await heard, "in the dark");
    await lab.restoreRegionLink(asia, eu);
    assertEquals(await say("after"), "after");
    client.close();
    server.close();
    listener.close();
  }
});

Deno.test("a flow loses nothing when its path changes while the old one still works", async () => {
  await using world = await World.create();
  const { lab, regions: { us, eu }, devices: { a, b } } = world;
  const pings = a.command("ping", {
    args: ["-n", "-q", "-i", "0.002", "-c", "500", "-W", "1", b.ip6!],
  }).output();
  for (let round = 0; round < 20; round++) {
    await lab.linkRegions(us, eu, { latencyMs: round % 2 });
    await new Promise((done) => setTimeout(done, 20));
  }
  const said = new TextDecoder().decode((await pings).stdout);
  assert(said.includes("500 received"), said);
});

Deno.test("a broken link forwards nothing", async () => {
  await using world = await World.create();
  const { lab, regions: { us, eu } } = world;
  const far = ip(us, "-4 addr show dev region-eu")[0].addr_info[0].local;
  assert(await pings(eu, far));
  await lab.breakRegionLink(us, eu);
  assert(!await pings(eu, far, "-I", "region-us"));
  const states = [[us, "region-eu"], [eu, "region-us"]] as const;
  assertEquals(states.map(([node, dev]) => ip(node, `link show dev ${dev}`)[0].operstate), [
    "DOWN",
    "DOWN",
  ]);
  await lab.restoreRegionLink(us, eu);
  assert(await pings(eu, far));
});
