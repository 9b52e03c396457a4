import { assertEquals, assertLess } from "@std/assert";
import { type AddressOwner, Frame, traceJourneys } from "../../lib/packets/mod.ts";
import { ascii, hex, ipv4, tcp, udp } from "./kit.ts";
import { captures, type Step, told } from "./way.ts";

const [A, HOME_A, HOME_B, B] = ["10.0.1.2", "198.18.0.2", "198.18.0.3", "10.0.2.2"];

const OWNERS: Record<string, AddressOwner> = {
  [A]: { node: "a", interface: "eth0" },
  [B]: { node: "b", interface: "eth0" },
  [HOME_A]: { node: "home-a", interface: "wan" },
  [HOME_B]: { node: "home-b", interface: "wan" },
  "fd00::2": { node: "six", interface: "eth0" },
  "10.0.9.9": { node: "gone", interface: "eth0" },
};
const ownerOf = (address: string) => OWNERS[address];

/** A packet from one laptop to the other, through both NATs. */
function punch(ms: number, isBack = false, steps = 6): Step[] {
  const [from, fromNat, toNat, to] = isBack ? [B, HOME_B, HOME_A, A] : [A, HOME_A, HOME_B, B];
  const [one, two] = isBack ? ["b", "a"] : ["a", "b"];
  return [
    { at: `${one}/eth0 out`, ms, from, to: toNat, ttl: 64 },
    { at: `home-${one}/lan in`, ms: ms + 1, from, to: toNat, ttl: 64 },
    { at: `home-${one}/wan out`, ms: ms + 1.1, from: fromNat, to: toNat, ttl: 63 },
    { at: `home-${two}/wan in`, ms: ms + 5, from: fromNat, to: toNat, ttl: 61 },
    { at: `home-${two}/lan out`, ms: ms + 5.1, from: fromNat, to, ttl: 60 },
    { at: `${two}/eth0 in`, ms: ms + 6, from: fromNat, to, ttl: 60 },
  ].slice(0, steps);
}

const WAY = [
  "a/eth0 out",
  "home-a/lan in",
  "home-a/wan out; source 10.0.1.2:40000 → 198.18.0.2:40000; TTL 64 → 63",
  "home-b/wan in; TTL 63 → 61",
  "home-b/lan out; destination 198.18.0.3:5000 → 10.0.2.2:5000; TTL 61 → 60",
  "b/eth0 in",
];
const BACK = [
  "b/eth0 out",
  "home-b/lan in",
  "home-b/wan out; source 10.0.2.2:40000 → 198.18.0.3:40000; TTL 64 → 63",
  "home-a/wan in; TTL 63 → 61",
  "home-a/lan out; destination 198.18.0.2:5000 → 10.0.1.2:5000; TTL 61 → 60",
  "a/eth0 in",
];

Deno.test("a packet is followed through two NATs, with what each changed", () => {
  const journeys = traceJourneys(captures(punch(0)), { ownerOf });
  assertEquals(told(journeys), [[...WAY, "lost: false"]]);
});

Deno.test("packets with one payload that cross each other are told apart", () => {
  const steps = [...punch(0), ...punch(2, true), ...punch(3), ...punch(3.5, true)];
  assertEquals(told(traceJourneys(captures(steps), { ownerOf })), [
    [...WAY, "lost: false"],
    [...BACK, "lost: false"],
    [...WAY, "lost: false"],
    [...BACK, "lost: false"],
  ]);
});

Deno.test("a packet that is not seen again is lost, and one at the end perhaps", () => {
  const steps = [...punch(0, false, 3), ...punch(100), ...punch(200, false, 3)];
  assertEquals(told(traceJourneys(captures(steps), { ownerOf })), [
    [...WAY.slice(0, 3), "lost: true"],
    [...WAY, "lost: false"],
    [...WAY.slice(0, 3), "lost: unknown"],
  ]);
  // It came to who has its address there; what happened inside no capture tells.
  const refused = traceJourneys(captures([...punch(0, false, 4), ...punch(100)]), { ownerOf });
  assertEquals(told(refused)[0].at(-1), "lost: false");
});

Deno.test("whether it is lost is unknown where its destination is no one's, or not captured", () => {
  const to = (address: string) =>
    told(traceJourneys(
      captures([...punch(0).map((step) => ({ ...step, to: address })).slice(0, 1), ...punch(500)]),
      { ownerOf },
    ))[0].at(-1);
  assertEquals(to("224.0.0.251"), "lost: unknown");
  assertEquals(to("10.0.9.9"), "lost: unknown");
  assertEquals(to(B), "lost: true");
  assertEquals(told(traceJourneys(captures(punch(0))))[0].at(-1), "lost: unknown");
});

Deno.test("a link that lost nothing delivers what is alike in its order", () => {
  const steps = [0, 0.2, 0.4].flatMap((ms) => punch(ms));
  const journeys = traceJourneys(captures(steps), { ownerOf });
  assertEquals(told(journeys), [0, 1, 2].map(() => [...WAY, "lost: false"]));
  assertEquals(journeys.map(({ hops }) => hops.map(({ timeMs }) => Math.round(timeMs * 10))), [
    [0, 10, 11, 50, 51, 60],
    [2, 12, 13, 52, 53, 62],
    [4, 14, 15, 54, 55, 64],
  ]);
});

Deno.test("a repetition after the bound is another packet", () => {
  const [first] = punch(0);
  const late = { ...punch(0)[5], ms: 3000 };
  assertEquals(traceJourneys(captures([first, late]), { ownerOf }).length, 2);
  assertEquals(traceJourneys(captures([first, late]), { ownerOf, withinMs: 5000 }).length, 1);
});

Deno.test("a packet is followed through NAT64, and TCP by its numbers", () => {
  const payload = tcp(40000, 80, "616263");
  const step = (at: string, ms: number, from: string, to: string, ttl: number): Step => ({
    ...{ at, ms, from, to, ttl, protocol: 6 },
    payload: at.startsWith("nat64/wan") || at.startsWith("b") ? tcp(1024, 80, "616263") : payload,
  });
  const steps = [
    step("six/eth0 out", 0, "fd00::2", "64:ff9b::a00:202", 64),
    step("nat64/lan in", 1, "fd00::2", "64:ff9b::a00:202", 64),
    step("nat64/wan out", 2, "198.18.0.9", B, 62),
    step("b/eth0 in", 3, "198.18.0.9", B, 61),
  ];
  assertEquals(told(traceJourneys(captures(steps), { ownerOf })), [[
    "six/eth0 out",
    "nat64/lan in",
    "nat64/wan out; IPv6 → IPv4; source [fd00::2]:40000 → 198.18.0.9:1024; " +
    "destination [64:ff9b::a00:202]:80 → 10.0.2.2:80; TTL 64 → 62",
    "b/eth0 in; TTL 62 → 61",
    "lost: false",
  ]]);
});

Deno.test("pings and errors are followed through NATs and NAT64", () => {
  const ping = (id: string, type: string) => `${type} 0000 ${id} 0007 61626364`;
  const steps: Step[] = [
    {
      at: "six/eth0 out",
      ms: 0,
      from: "fd00::2",
      to: "64:ff9b::a00:202",
      ttl: 64,
      protocol: 58,
      payload: ping("0001", "8000"),
    },
    {
      at: "b/eth0 in",
      ms: 3,
      from: HOME_A,
      to: B,
      ttl: 61,
      protocol: 1,
      payload: ping("0bad", "0800"),
    },
    {
      at: "b/eth0 out",
      ms: 4,
      from: B,
      to: HOME_A,
      ttl: 64,
      protocol: 1,
      payload: ping("0bad", "0000"),
    },
    {
      at: "six/eth0 in",
      ms: 6,
      from: "64:ff9b::a00:202",
      to: "fd00::2",
      ttl: 60,
      protocol: 58,
      payload: ping("0001", "8100"),
    },
  ];
  assertEquals(told(traceJourneys(captures(steps), { ownerOf })), [
    [
      "six/eth0 out",
      "b/eth0 in; IPv6 → IPv4; source fd00::2 → 198.18.0.2; " +
      "destination 64:ff9b::a00:202 → 10.0.2.2; ICMP id 1 → 2989; TTL 64 → 61",
      "lost: false",
    ],
    [
      "b/eth0 out",
      "six/eth0 in; IPv4 → IPv6; source 10.0.2.2 → 64:ff9b::a00:202; " +
      "destination 198.18.0.2 → fd00::2; ICMP id 2989 → 1; TTL 64 → 60",
      "lost: false",
    ],
  ]);
});

Deno.test("fragments and marks on the way are followed", () => {
  const steps = punch(0).map((step) => ({ ...step, id: 7 }));
  const journeys = traceJourneys(captures(steps), { ownerOf });
  assertEquals(journeys.length, 1);
  // Another identification is another packet, though all else is as before.
  const other = traceJourneys(
    captures([steps[0], { ...steps[1], id: 8 }]),
    { ownerOf },
  );
  assertEquals(other.length, 2);
});

Deno.test("what a bridge repeats to several nodes is one journey", () => {
  const arp = (at: string, ms: number): Step => ({ at, ms, from: A, to: "10.0.1.9", ttl: 64 });
  const steps = [arp("a/eth0 out", 0), arp("b/eth0 in", 1), arp("c/eth0 in", 1)];
  assertEquals(told(traceJourneys(captures(steps))), [
    ["a/eth0 out", "b/eth0 in", "c/eth0 in", "lost: unknown"],
  ]);
});

Deno.test("frames of two links that say the same are two packets, by their MAC addresses", () => {
  const [one, two] = ["020000000001 020000000002", "020000000003 020000000004"];
  const on = { index: 0, linkType: 1, snapLength: 0, name: undefined, description: undefined };
  const seen = (node: string, nanos: number, macs: string, direction: "in" | "out") => {
    const data = hex(`${macs} 0800 ${ipv4(17, udp(1, 2, "61")).slice(31)}`);
    const frame = new Frame(on, 0, nanos, data.length, data, direction);
    return { node, interface: "eth0", frames: [frame] };
  };
  const places = (macs: string) =>
    told(traceJourneys([seen("a", 0, one, "out"), seen("b", 1000, macs, "in")])).map((line) =>
      line.slice(0, -1)
    );
  assertEquals(places(one), [["a/eth0 out", "b/eth0 in"]]);
  assertEquals(places(two), [["a/eth0 out"], ["b/eth0 in"]]);
});

Deno.test("20,000 datagrams that are all alike take linear time, and each is in one journey", () => {
  const few = Array.from({ length: 500 }, (_, i) => punch(i * 7)).flat();
  const many = Array.from({ length: 4000 }, (_, i) => punch(i * 0.7)).flat();
  const time = (steps: Step[]) => {
    const made = captures(steps);
    const startedAt = performance.now();
    const journeys = traceJourneys(made, { ownerOf });
    const ms = performance.now() - startedAt;
    assertEquals(journeys.reduce((sum, { hops }) => sum + hops.length, 0), steps.length);
    return ms;
  };
  time(few);
  // The bound is generous: what is quadratic takes many minutes.
  assertLess(time(many), 20_000);
});

Deno.test("frames that are no IP, cut off or damaged are journeys, too", () => {
  const steps = punch(0);
  const made = captures(steps).map((capture) => ({
    ...capture,
    frames: capture.frames.map((frame, index) =>
      Object.assign(Object.create(frame), {
        data: frame.data.subarray(0, index * 7),
        nanos: frame.nanos,
      })
    ),
  }));
  const journeys = traceJourneys(made, { ownerOf });
  assertEquals(journeys.reduce((sum, { hops }) => sum + hops.length, 0), steps.length);
});

Deno.test("datagrams of other payloads are other packets", () => {
  const [out, into] = punch(0);
  const other = { ...into, payload: udp(40000, 5000, ascii("hallo")) };
  assertEquals(traceJourneys(captures([out, other])).length, 2);
});
