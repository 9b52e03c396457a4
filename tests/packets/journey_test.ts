import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Capture, Lab, type Node } from "@netyard/netyard";
import {
  type AddressOwner,
  type Journey,
  readCapture,
  type TraceCapture,
  traceJourneys,
} from "../../lib/packets/mod.ts";
import { ip, sh } from "../lab/kit.ts";
import { attach, servers } from "../nat/net.ts";
import { punch } from "../nat/punch.ts";
import { Udp } from "../nat/udp.ts";

type Place = readonly [node: Node, on: string];

/** Captures at several places while a function runs; also says which node has which address. */
async function traced(places: readonly Place[], run: () => Promise<void>): Promise<Journey[]> {
  const running: [Place, Capture][] = [];
  for (const place of places) running.push([place, await place[0].capture(place[1])]);
  try {
    await run();
    const captures: TraceCapture[] = [];
    const owners = new Map<string, AddressOwner>();
    for (const [[node, on], capture] of running) {
      captures.push({
        node: node.name,
        interface: on,
        frames: readCapture(await capture.drain(0)).frames,
        mac: sh(node, `cat /sys/class/net/${on}/address`),
      });
      for (const { addr_info } of ip(node, `addr show dev ${on}`)) {
        for (const { local } of addr_info) owners.set(local, { node: node.name, interface: on });
      }
    }
    return traceJourneys(captures, { ownerOf: (address) => owners.get(address) });
  } finally {
    for (const [, capture] of running) await capture.close();
  }
}

const way = ({ hops }: Journey) =>
  hops.map(({ node, interface: on, direction }) => `${node}/${on} ${direction}`);
const changes = ({ hops }: Journey) =>
  hops.map((hop) => hop.changes.map(({ text }) => text).join("; "));

// a - nat-a - IX - nat-b - b; rendezvous - dc - IX
Deno.test("a hole punch is followed through both NATs, with what each translates", async () => {
  await using lab = await Lab.create();
  const [rendezvous] = await servers(lab, "rendezvous");
  const reflector = await rendezvous.spawnReflector();
  const natA = await lab.addRouter("nat-a", { nat: "home" });
  const natB = await lab.addRouter("nat-b", { nat: "home" });
  const [deviceA, deviceB] = [await attach(lab, "a", natA), await attach(lab, "b", natB)];
  await using a = await Udp.open(deviceA, 40000);
  await using b = await Udp.open(deviceB, 40000);
  const places: Place[] = [
    [deviceA, "eth0"],
    [natA, "lan"],
    [natA, "ix"],
    [natB, "ix"],
    [natB, "lan"],
    [deviceB, "eth0"],
  ];
  const [mappingA, mappingB] = [await a.seenBy(reflector), await b.seenBy(reflector)];
  const journeys = await traced(places, async () => {
    // This one nat-b refuses: it has not sent anything to a yet.
    await a.send("early", mappingB);
    const heard = await punch(
      { socket: a, mapping: mappingA },
      { socket: b, mapping: mappingB },
      20_000,
    );
    assertEquals(heard, [mappingB, mappingA]);
  });
  const from = (node: string, goal: string) =>
    journeys.filter(({ hops }) =>
      hops[0].node === node && hops[0].form.sourcePort === 40000 && hops.at(-1)!.node === goal
    );
  const text = (ip: string, port: number) => `${ip}:${port}`;
  const [there] = from("a", "b");
  assertEquals(way(there), [
    "a/eth0 out",
    "nat-a/lan in",
    "nat-a/ix out",
    "nat-b/ix in",
    "nat-b/lan out",
    "b/eth0 in",
  ]);
  const told = changes(there);
  assertEquals(
    told[2],
    `source ${deviceA.ip}:40000 → ${text(mappingA.ip, mappingA.port)}; TTL 64 → 63`,
  );
  assertMatch(told[3], /^(TTL 63 → \d+)?$/);
  assertMatch(
    told[4],
    new RegExp(`^destination ${text(mappingB.ip, mappingB.port)} → ${deviceB.ip}:40000; TTL`),
  );
  assertEquals([told[0], told[1], told[5]], ["", "", ""]);
  assertEquals(there.lost, false);
  const [back] = from("b", "a");
  assertEquals(way(back), [
    "b/eth0 out",
    "nat-b/lan in",
    "nat-b/ix out",
    "nat-a/ix in",
    "nat-a/lan out",
    "a/eth0 in",
  ]);
  // The early one came to nat-b and no further.
  const early = journeys.find(({ hops }) => hops[0].node === "a" && hops.at(-1)!.node === "nat-b");
  assertEquals(way(early!).at(-1), "nat-b/ix in");
  // Each frame is in one journey, and each datagram of the devices has one of its own.
  for (const { hops } of journeys) {
    assertEquals(new Set(way({ hops, lost: false })).size, hops.length);
    assert(hops.every(({ time }, i) => i === 0 || time >= hops[i - 1].time));
  }
});

// laptop - isp (NAT64) - IX - dc - server
Deno.test("pings and TCP are followed through NAT64, and a packet that a link drops is lost", async () => {
  await using lab = await Lab.create();
  const isp = await lab.addRouter("isp", { preset: "isp-v6" });
  const dc = await lab.addRouter("dc", { preset: "public-v4" });
  const [laptop, server] = [await attach(lab, "laptop", isp), await attach(lab, "server", dc)];
  const goal = `64:ff9b::${server.ip}`;
  const places: Place[] = [[laptop, "eth0"], [isp, "ix"], [dc, "ix"], [server, "eth0"]];
  const journeys = await traced(places, async () => {
    sh(laptop, `ping -6 -c 3 -i 0.1 -w 20 ${goal}`);
    await server.interface("eth0").setCondition({ lossPct: 100 });
    sh(laptop, `ping -6 -c 1 -W 1 -p ab ${goal} || true`);
    await server.interface("eth0").setCondition(null);
    sh(laptop, `ping -6 -c 1 -w 20 ${goal}`);
  });
  const pings = journeys.filter(({ hops }) =>
    hops[0].node === "laptop" && hops[0].form.echoId >= 0
  );
  assertEquals(pings.map(({ lost }) => lost), [false, false, false, true, false]);
  assertEquals(way(pings[0]), ["laptop/eth0 out", "isp/ix out", "dc/ix in", "server/eth0 in"]);
  assertMatch(changes(pings[0])[1], /^IPv6 → IPv4; source .*; TTL 64 → 6\d$/);
  const replies = journeys.filter(({ hops }) =>
    hops[0].node === "server" && hops[0].form.echoId >= 0
  );
  assertEquals(way(replies[0]), ["server/eth0 out", "dc/ix out", "isp/ix in", "laptop/eth0 in"]);
  assertMatch(changes(replies[0])[3], /^IPv4 → IPv6; source .*; TTL 6\d → \d+$/);
});
