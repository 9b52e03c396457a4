// The packets of a run without a page: the list, its filter, the ways of packets, the ladder.
import { assert, assertEquals, assertGreater } from "@std/assert";
import { Counters } from "../../lib/devtools/model/counters.ts";
import { conversationOf } from "../../lib/devtools/model/packets/conversation.ts";
import { type Ladder, ladderOf } from "../../lib/devtools/model/packets/ladder.ts";
import { ownersOf } from "../../lib/devtools/model/packets/owners.ts";
import { entryOf, keyOf } from "../../lib/devtools/model/packets/packet_key.ts";
import { PacketScan } from "../../lib/devtools/model/packets/packet_scan.ts";
import { PacketStore, positionOf } from "../../lib/devtools/model/packets/packet_store.ts";
import { pcapngOf } from "../../lib/devtools/model/packets/pcapng.ts";
import { readPdml } from "../../lib/devtools/model/packets/pdml.ts";
import { hasUnknown, nodeAt, pathAt } from "../../lib/devtools/model/packets/words.ts";
import { decodeFrame, readCapture } from "../../lib/packets/mod.ts";
import type { LabState } from "../../lib/events/states/lab.ts";
import { capturesOf, lostOf, natLab, START, storeOf, thereOf, udp } from "./packet_kit.ts";

const NONE = { text: "", node: "", protocol: "" };

/** A hole punch: one too early, one that comes through, the same again, one that a link loses. */
const PUNCH = [
  ...thereOf(0, "hello?", 4),
  ...thereOf(100, "i hear you"),
  ...thereOf(200, "i hear you"),
  ...lostOf(300, "nobody hears me"),
];

function punch(state: LabState = natLab({ lossPct: 100 })) {
  const store = storeOf(PUNCH);
  const context = { ownerOf: ownersOf(state), stateAt: () => state };
  return { store, found: conversationOf(store, store.entries[0], context, Infinity)! };
}

Deno.test("packets of all interfaces are in one list, in the order of time", () => {
  const store = storeOf(PUNCH);
  assertEquals(
    store.entries.slice(0, 5).map(({ place, frame }) =>
      `${frame.timeMs - START * 1_000} ${place.node}/${place.interface} ${frame.direction}`
    ),
    [
      "0 a/eth0 out",
      "0.010009765625 nat-a/lan in",
      "0.050048828125 nat-a/ix out",
      "10.050048828125 nat-b/ix in",
      "100 a/eth0 out",
    ],
  );
  assertEquals([...store.nodes].sort(), [["a", 3], ["b", 3], ["nat-a", 6], ["nat-b", 5]]);
  for (const [i, entry] of store.entries.entries()) {
    assertEquals(positionOf(store.entries, entry), i);
    assertEquals(entryOf(store, keyOf(store, entry)), entry);
  }
  assertEquals(keyOf(store, store.entries[0]), `a/eth0@${START}.000000000`);
  for (const key of ["", "a/eth0", "b/eth0@1.000000000", `b/eth0@${START}.000000000`, "@.~"]) {
    assertEquals(entryOf(store, key), undefined, key);
  }
});

Deno.test("packets of one interface at the same moment are told apart, and files may grow in any order", () => {
  const twins = ["one", "two", "three"].map((text) => thereOf(5, text, 1)[0]);
  const store = storeOf(twins);
  const keys = store.entries.map((entry) => keyOf(store, entry));
  assertEquals(new Set(keys).size, 3);
  assertEquals(keys.map((key) => entryOf(store, key)), store.entries);

  const files = Object.entries(capturesOf(PUNCH));
  const late = new PacketStore();
  for (const [path, bytes] of files.reverse()) {
    for (let at = 0; at < bytes.length; at += 100) {
      late.feed(path, bytes.subarray(at, at + 100));
      late.merge();
    }
  }
  const all = storeOf(PUNCH);
  assertEquals(late.entries.map(({ time }) => time).length, all.entries.length);
  assert(late.entries.every(({ time }, i) => i === 0 || time >= late.entries[i - 1].time));
  late.remove("captures/a-eth0.pcapng");
  assertEquals(late.nodes.has("a"), false);
  assertEquals(late.entries.length, all.entries.length - 3);
});

Deno.test("no more packets are kept than fit", () => {
  const store = new PacketStore(4);
  for (const [path, bytes] of Object.entries(capturesOf(PUNCH))) store.feed(path, bytes);
  store.merge();
  assertEquals([store.entries.length, store.isFull], [4, true]);
});

Deno.test("a filter is scanned in slices, and a bad one says what is wrong", () => {
  const store = storeOf(PUNCH);
  const scan = new PacketScan(store, { ...NONE, text: "udp and src host 10.0.1.2" });
  while (!scan.proceed(0));
  assertEquals(scan.found.map(({ place }) => place.node), [
    "a",
    "nat-a",
    "a",
    "nat-a",
    "a",
    "nat-a",
  ]);
  const count = (filter: Partial<typeof NONE>) => {
    const scan = new PacketScan(store, { ...NONE, ...filter });
    scan.proceed();
    return scan.found.length;
  };
  assertEquals(count({}), PUNCH.length);
  assertEquals(count({ node: "nat-b" }), 5);
  assertEquals(count({ protocol: "UDP" }), PUNCH.length);
  assertEquals(count({ protocol: "TCP" }), 0);
  assertEquals(count({ text: "tcp" }), 0);
  assertEquals(
    new PacketScan(store, { ...NONE, text: "port http" }).error,
    'At character 6 of the filter: expected a port from 0 to 65535, found "http"',
  );
});

Deno.test("what a filter leaves is written as one capture file", () => {
  const store = storeOf(PUNCH);
  const scan = new PacketScan(store, { ...NONE, text: "host 10.0.2.2" });
  scan.proceed();
  const { frames, fault, interfaces } = readCapture(pcapngOf(store, scan.found));
  assertEquals(fault, undefined);
  assertEquals(interfaces.map(({ name }) => name), ["nat-b lan", "b eth0"]);
  assertEquals(
    frames.map(({ timeMs, data, direction }) => [timeMs, data, direction]),
    scan.found.map(({ frame }) => [frame.timeMs, frame.data, frame.direction]),
  );
});

Deno.test("a conversation has both directions, what NATs changed, repeats, and where packets ended", () => {
  const { travels, selected, before, after } = punch().found;
  assertEquals([selected, before, after], [0, 0, 0]);
  assertEquals(
    travels.map(({ title, repeats, fate, hops }) => ({
      title: `${title.protocol} ${title.ends} ${title.info}`,
      repeats,
      fate: "why" in fate ? `${fate.kind}: ${fate.why}` : fate.kind,
      way: hops.map(({ node }) => node).join(" "),
      translated: hops.flatMap(({ node, translated }) =>
        translated.map(({ from, to }) => `${node}: ${from} → ${to}`)
      ),
    })),
    [
      {
        title: "UDP 10.0.1.2:4000 → 198.18.0.4:4000 Len=6",
        repeats: 0,
        fate: "stopped: the NAT of nat-b has no mapping for 198.18.0.4:4000",
        way: "a nat-a nat-a nat-b",
        translated: ["nat-a: 10.0.1.2:4000 → 198.18.0.3:4000"],
      },
      ...[0, 1].map((repeats) => ({
        title: "UDP 10.0.1.2:4000 → 198.18.0.4:4000 Len=10",
        repeats,
        fate: "arrived",
        way: "a nat-a nat-a nat-b nat-b b",
        translated: [
          "nat-a: 10.0.1.2:4000 → 198.18.0.3:4000",
          "nat-b: 198.18.0.4:4000 → 10.0.2.2:4000",
        ],
      })),
      {
        title: "UDP 10.0.2.2:4000 → 198.18.0.3:4000 Len=15",
        repeats: 0,
        fate: "lost: on the link b → nat-b: it loses 100\u00a0% of all packets",
        way: "b",
        translated: [],
      },
    ],
  );
});

Deno.test("the reason of a loss is what the lab was at that moment", () => {
  const why = (
    change: (state: LabState) => void,
    seen = lostOf(0, "x"),
    loss = { lost: 0, dropped: 0 },
  ) => {
    const state = natLab();
    change(state);
    const store = storeOf(seen);
    const context = { ownerOf: ownersOf(state), stateAt: () => state, lossAt: () => loss };
    const [{ fate }] = conversationOf(store, store.entries[0], context, Infinity)!.travels;
    return "why" in fate ? fate.why : fate.kind;
  };
  const link = (state: LabState) => state.devices.b.interfaces[0];
  const cases: [(state: LabState) => void, string][] = [
    [() => {}, "on the link b → nat-b"],
    [(state) => link(state).up = false, "on the link b → nat-b: b eth0 is down"],
    [
      (state) => link(state).condition = "wifi-bad",
      "on the link b → nat-b: its condition is wifi-bad",
    ],
    [
      (state) => link(state).condition = { up: { lossPct: 3 }, down: null },
      "on the link b → nat-b: it loses 3\u00a0% of all packets",
    ],
  ];
  // The router must have been captured to know that nothing came.
  const lost = [...lostOf(0, "x"), ...thereOf(1, "y", 4)];
  for (const [change, text] of cases) assertEquals(why(change, lost), text);
  assertEquals(
    why((state) => link(state).condition = { rateKbit: 64 }, lost, { lost: 0, dropped: 7 }),
    "on the link b → nat-b: its queue was full (64 kbit/s; 7 dropped)",
  );
  // To a device that the router's firewall closes off: it came to the uplink and no further.
  const inbound = [
    ["nat-b ix in", 0, udp("198.18.0.3:4000", "10.0.2.2:4000", 62, "z")] as const,
    ["b eth0 out", 1, udp("10.0.2.2:4000", "198.18.0.3:9", 64, "other")] as const,
  ];
  const at = (change: (state: LabState) => void) => why(change, inbound);
  assertEquals(
    at((state) => state.routers["nat-b"].firewall = "block-inbound"),
    "the firewall of nat-b drops flows from outside",
  );
  assertEquals(
    at((state) => state.routers["nat-b"].brokenFamilies = { ipv4: "drop" }),
    "nat-b does not forward IPv4 (drop)",
  );
  assertEquals(at(() => {}), "nat-b did not send it on");
});

Deno.test("counters say what a link lost between two samples", () => {
  const counters = new Counters();
  const line = (elapsedMs: number, lost: number, dropped: number) =>
    counters.push(new TextEncoder().encode(
      `${
        JSON.stringify({ version: 1, elapsedMs, links: { "b/eth0": { up: { lost, dropped } } } })
      }\n`,
    ));
  line(1_000, 2, 0);
  line(2_000, 5, 1);
  line(3_000, 1, 0);
  assertEquals(counters.lossAt("b/eth0", "up", 500), { lost: 2, dropped: 0 });
  assertEquals(counters.lossAt("b/eth0", "up", 1_500), { lost: 3, dropped: 1 });
  assertEquals(counters.lossAt("b/eth0", "up", 2_500), { lost: 1, dropped: 0 });
  assertEquals(counters.lossAt("b/eth0", "up", 3_500), undefined);
  assertEquals(counters.lossAt("b/eth0", "down", 500), undefined);
});

/** A ladder as text: a line for each thing that is drawn, from the top to the bottom. */
function drawn({ columns, arrows, notes, marks, titles }: Ladder): string {
  const name = (column: number | undefined) => column === undefined ? "" : columns[column];
  const lines: [y: number, text: string][] = [
    ...titles.map(({ y, column, travel, side }): [number, string] => [
      y,
      `packet ${travel} at ${name(column)}, to the ${side}`,
    ]),
    ...arrows.map(({ from, to, kind }): [number, string] => [
      from.y,
      kind === "node"
        ? `stays at ${name(from.column)} until ${to.y}`
        : `${name(from.column)} → ${name(to.column)} ${to.y}`,
    ]),
    ...notes.map(({ y, column, lines }): [number, string] => [
      y,
      `${name(column)}: ${lines.map((pair) => pair.join(" → ")).join(", ")}`,
    ]),
    ...marks.map(({ y, column, towards, kind }): [number, string] => [
      y,
      `${kind} at ${name(column)}${towards === undefined ? "" : ` towards ${name(towards)}`}`,
    ]),
  ];
  return lines.sort(([a], [b]) => a - b).map(([y, text]) => `${y} ${text}`).join("\n");
}

Deno.test("a ladder has the nodes in the order of the way, and each moment below the one before", () => {
  const ladder = ladderOf(punch().found.travels);
  assertEquals(ladder.columns, ["a", "nat-a", "nat-b", "b"]);
  assertEquals(
    drawn(ladder),
    `\
32 packet 0 at a, to the right
40 a → nat-a 54
54 stays at nat-a until 96
75 nat-a: 10.0.1.2:4000 → 198.18.0.3:4000
96 nat-a → nat-b 127
141 stopped at nat-b
216 packet 1 at a, to the right
224 a → nat-a 238
238 stays at nat-a until 280
259 nat-a: 10.0.1.2:4000 → 198.18.0.3:4000
280 nat-a → nat-b 311
311 stays at nat-b until 353
332 nat-b: 198.18.0.4:4000 → 10.0.2.2:4000
353 nat-b → b 367
416 packet 2 at a, to the right
424 a → nat-a 438
438 stays at nat-a until 480
459 nat-a: 10.0.1.2:4000 → 198.18.0.3:4000
480 nat-a → nat-b 511
511 stays at nat-b until 553
532 nat-b: 198.18.0.4:4000 → 10.0.2.2:4000
553 nat-b → b 567
616 packet 3 at b, to the left
638 lost at b towards nat-b`,
  );
  for (const [i, { y, hop }] of ladder.dots.entries()) {
    const before = ladder.dots[i - 1];
    if (before) {
      assertGreater(y, before.y);
      assert(hop.timeMs >= before.hop.timeMs);
    }
  }
  assertGreater(ladderOf(punch().found.travels, true).height, ladder.height);
});

Deno.test("a field is found by its bytes and by its path", () => {
  const nodes = decodeFrame(udp("10.0.1.2:4000", "10.0.2.2:53", 64, "not DNS"), 1);
  const path = pathAt(nodes, 36)!;
  assertEquals(path, "UDP/Destination port");
  const field = nodeAt(nodes, path)!;
  assertEquals([field.value, field.start, field.end], ["53", 36, 38]);
  assertEquals(nodeAt(nodes, "UDP/none"), undefined);
  assertEquals(pathAt(nodes, 10_000), undefined);
  assert(hasUnknown(decodeFrame(udp("10.0.1.2:4000", "10.0.2.2:4000", 64, "x"), 1)));
});

Deno.test("the fields that tshark found are read, without what it hides", () => {
  const pdml = `<?xml version="1.0"?><pdml><packet>
<proto name="geninfo" pos="0" showname="General information" size="60">
<field name="num" pos="0" show="1" showname="Number" size="60"/></proto>
<proto name="frame" showname="Frame 1: 60 bytes" size="60" pos="0"><field name="x" show="1" size="0" pos="0"/></proto>
<proto name="mqtt" showname="MQ Telemetry, Publish &lt;b&gt;&#x202e;" size="10" pos="42">
<field name="a" showname=".... 0101 = Header Flags: 0x30" size="1" pos="42"><field name="b" show="QoS 1" size="1" pos="42"/></field>
<field name="c" showname="Hidden" hide="yes" size="1" pos="43"><field name="d" showname="Below" size="1" pos="43"/></field>
</proto></packet></pdml>`;
  assertEquals(readPdml(pdml), [{
    label: "MQ Telemetry",
    value: "Publish <b>\u202e",
    start: 42,
    end: 52,
    children: [{
      label: "Header Flags",
      value: "0x30",
      start: 42,
      end: 43,
      children: [{ label: "QoS 1", start: 42, end: 43 }],
    }],
  }]);
  for (const damaged of ["", "<proto", "</proto></field>", pdml.slice(0, 500)]) {
    assert(Array.isArray(readPdml(damaged)));
  }
});
