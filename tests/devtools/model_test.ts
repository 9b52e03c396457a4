import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { EventBus } from "../../lib/events/bus.ts";
import { reduceAll } from "../../lib/events/reduce.ts";
import { resolveFirewall } from "../../lib/firewall/config.ts";
import { resolveNat } from "../../lib/nat/config.ts";
import { Counters } from "../../lib/devtools/model/counters.ts";
import { EventLog } from "../../lib/devtools/model/event_log.ts";
import { eventTest } from "../../lib/devtools/model/filter.ts";
import { graphOf } from "../../lib/devtools/model/graph.ts";
import { StateHistory } from "../../lib/devtools/model/history.ts";
import { clusters } from "../../lib/devtools/model/lanes/lane.ts";
import { LineReader } from "../../lib/devtools/model/lines.ts";
import { parseRoute, routeHash } from "../../lib/devtools/model/route.ts";
import { statusOfRun, worstStatus } from "../../lib/devtools/model/status.ts";
import { ticks, Timeline, timeText } from "../../lib/devtools/model/timeline.ts";
import { firewallWords, natWords } from "../../lib/devtools/model/words.ts";
import { writeLargeRun } from "./large_run.ts";

const encoder = new TextEncoder();
const bytes = (text: string) => encoder.encode(text);

const VERSION_1 = new URL("../fixtures/run-v1/", import.meta.url);

/** The log of the stored run of version 1. */
async function storedLog(): Promise<EventLog> {
  const log = new EventLog();
  log.push(await Deno.readFile(new URL("events.jsonl", VERSION_1)));
  return log;
}

/** A line of an event. */
const line = (seq: number, body: object, elapsedMs = seq * 10) =>
  JSON.stringify({ version: 1, seq, at: "2026-01-02T03:04:05.678Z", elapsedMs, ...body }) + "\n";

const CREATED = line(0, { kind: "lab-created", label: "x" });

Deno.test("lines are the same however the bytes are cut, and have the offsets of the file", () => {
  const text = "one\r\n\nzwö\nthree 🚀 four\nlast";
  const all = bytes(text);
  for (let size = 1; size <= all.length; size++) {
    const reader = new LineReader();
    const lines = [];
    for (let at = 0; at < all.length; at += size) {
      lines.push(...reader.push(all.subarray(at, at + size)));
    }
    assertEquals(lines.map(({ text }) => text), ["one", "", "zwö", "three 🚀 four"], `${size}`);
    assertEquals(lines.map(({ offset }) => offset), [0, 5, 6, 11], `${size}`);
    assertEquals(reader.rest(), { offset: 27, text: "last", cut: 0 });
    assertEquals(reader.next, all.length);
  }
});

Deno.test("of a huge line the beginning is kept, and the rest is counted", () => {
  const reader = new LineReader(0, 100);
  const lines = reader.push(bytes(`${"x".repeat(100_000)}\nok\n`));
  assertEquals(lines.map(({ text, cut }) => [text.length, cut]), [[100, 99_900], [2, 0]]);
});

Deno.test("a stored run has all of its events, and the state after each is that of the reducer", async () => {
  const log = await storedLog();
  const history = new StateHistory(log);
  const events = log.entries.map(({ event }) => event!);
  assertEquals(log.damaged, []);
  for (const count of [events.length, 0, 3, events.length - 1, 1, 7]) {
    assertEquals(history.after(count), reduceAll(events.slice(0, count)), `${count} events`);
  }
});

Deno.test("states between checkpoints of a long run are those of the reducer", async () => {
  const directory = await Deno.makeTempDir();
  await writeLargeRun(directory, 4_321);
  const log = new EventLog();
  log.push(await Deno.readFile(`${directory}/events.jsonl`));
  await Deno.remove(directory, { recursive: true });
  const history = new StateHistory(log);
  const events = log.entries.map(({ event }) => event!);
  assertEquals(events.length, 4_321);
  for (const count of [2_500, 2_501, 1_999, 2_000, 4_321, 900]) {
    assertEquals(history.after(count), reduceAll(events.slice(0, count)), `${count} events`);
  }
});

Deno.test("damaged lines are shown as what they are, and the rest of the log is used", () => {
  const log = new EventLog();
  log.push(bytes(
    CREATED + "{not json\n" + line(1, { kind: "nameserver-changed", ip: "198.18.0.53" }) +
      '{"version":2,"seq":2,"kind":"x"}\n[]\n' +
      line(2, { kind: "router-added", name: "r", router: { name: "r" } }) +
      line(3, { kind: "device-added", name: "__proto__", device: {} }) +
      line(4, { kind: "link-down", node: "nobody", name: "eth0" }) +
      line(5, { kind: "teleported", node: "r", how: "fast" }) +
      line(9, { kind: "custom", node: null, name: "after the gap", data: {} }) +
      '{"version":1,"seq":10,"ki',
  ));
  log.finish();
  const history = new StateHistory(log);
  const state = history.after(log.entries.length);
  assertEquals(state.nameserver, "198.18.0.53");
  assertEquals(state.routers, {});
  assertEquals(log.entries.map(({ kind, problem }) => [kind, problem]), [
    ["lab-created", undefined],
    ["damaged", "the line is not JSON"],
    ["nameserver-changed", undefined],
    ["damaged", "it has version 2, which is not known here"],
    ["damaged", "it is not an object"],
    ["damaged", "router is not as router-added has it"],
    ["damaged", "name is not a name"],
    [
      "link-down",
      "2 events are missing before it; " +
      'event 4 (link-down) does not fit the lab: there is no router or device "nobody"',
    ],
    ["teleported", undefined],
    ["custom", "4 events are missing before it"],
    ["damaged", "the line is incomplete: the process was killed while it wrote it"],
  ]);
  assertEquals(log.text(log.entries[8]), ["r", "node=r how=fast"]);
  assertEquals(log.text(log.entries[1]), ["lab", "the line is not JSON: {not json", "error"]);
  assertEquals(({} as Record<string, unknown>).name, undefined);
});

Deno.test("a log that grows gives the same entries as a whole one", async () => {
  const whole = await storedLog();
  const growing = new EventLog();
  const history = new StateHistory(growing);
  const file = await Deno.readFile(new URL("events.jsonl", VERSION_1));
  for (let at = 0; at < file.length; at += 100) {
    growing.push(file.subarray(at, at + 100));
    history.follow();
  }
  assertEquals(growing.entries, whole.entries);
  assertEquals(growing.nextByte, file.length);
});

Deno.test("the topology of a state: nodes, links, conditions, faults", () => {
  using bus = new EventBus();
  bus.emit({ kind: "lab-created", label: "x" });
  const iface = (name: string, gateway: string | null, more: object = {}) => ({
    name,
    mac: "02:00:00:00:00:01",
    mtu: 1500,
    gateway,
    up: true,
    ...more,
  });
  bus.emit({
    kind: "router-added",
    name: "home",
    router: {
      name: "home",
      nat: "home",
      natV6: "none",
      firewall: "block-inbound",
      ipSupport: "dual-stack",
      upstream: null,
      region: null,
      mtu: 1500,
      interfaces: [iface("ix", null)],
    },
  });
  bus.emit({
    kind: "device-added",
    name: "laptop",
    device: {
      name: "laptop",
      mtu: 1500,
      defaultInterface: "wlan0",
      interfaces: [
        iface("eth0", "elsewhere"),
        iface("wlan0", "home", { ip: "10.0.1.2", condition: "wifi" }),
      ],
    },
  });
  const brief = () => {
    const { nodes, links } = graphOf(bus.state);
    return [
      ...nodes.map(({ id, facts, tone }) => `${id}: ${facts.join(", ")} (${tone})`),
      ...links.map(({ id, to, label, tone, primary }) =>
        `${id} > ${to}: ${label} (${tone}${primary ? ", tree" : ""})`
      ),
    ];
  };
  assertEquals(brief(), [
    "ix: Internet exchange (ok)",
    "router home: NAT home, no inbound (ok)",
    "device laptop: 10.0.1.2 (ok)",
    "unknown elsewhere: not in the log (ok)",
    "router home/ix > ix:  (ok, tree)",
    "device laptop/eth0 > unknown elsewhere:  (ok)",
    "device laptop/wlan0 > router home: wifi (impaired, tree)",
  ]);
  bus.emit({
    kind: "fault-injected",
    id: "f1",
    fault: { kind: "degrade", node: "laptop", interface: "wlan0" },
  });
  assertEquals(brief().at(-1), "device laptop/wlan0 > router home: wifi (fault, tree)");
  bus.emit({ kind: "link-down", node: "laptop", name: "wlan0" });
  assertEquals(brief().at(-1), "device laptop/wlan0 > router home: down (down, tree)");
});

Deno.test("lanes of the timeline: programs, steps and faults last, the rest are moments", async () => {
  const log = await storedLog();
  const lanes = new Timeline(log).lanes();
  assert(lanes.some(({ node }) => node !== null));
  const text = (each: EventLog) =>
    new Timeline(each).lanes().map(({ title, items }) =>
      `${title}: ${
        items.map(({ kind, from, to, failed, label }) =>
          `${kind} ${from}-${to}${failed ? " failed" : ""} ${label}`
        ).join("; ")
      }`
    );
  const own = new EventLog();
  own.push(bytes(
    CREATED +
      line(1, { kind: "custom", node: null, name: "step-started", data: { number: 1, id: "a" } }) +
      line(2, { kind: "command-started", node: "n", id: "c1", argv: ["x"] }) +
      line(3, { kind: "fault-injected", id: "f1", fault: { kind: "flap" } }) +
      line(4, { kind: "custom", node: "n", name: "Hi", data: null }) +
      line(5, { kind: "command-ended", node: "n", id: "c1", code: 1, signal: null }) +
      line(6, {
        kind: "custom",
        node: null,
        name: "step-ended",
        data: { number: 1, id: "a", status: "failed" },
      }),
  ));
  assertEquals(text(own), [
    "Steps: step 10-60 failed a",
    "Faults: fault 30-Infinity fault f1 injected: flap",
    "Custom events: custom 40-40 Hi",
    'Lab: topology 0-0 lab "x" created',
    "n: program 20-50 failed command c1 started: x; custom 40-40 Hi",
  ]);
  own.push(bytes(line(7, { kind: "lab-closed" })));
  assertStringIncludes(text(own)[1], "fault 30-70");
});

Deno.test("items that are nearer than can be seen are joined", () => {
  const log = new EventLog();
  log.push(bytes(
    [0, 1, 2, 50, 51, 300].map((at, seq) =>
      line(seq, { kind: "custom", node: "n", name: "e", data: null }, at)
    ).join(""),
  ));
  const lane = new Timeline(log).lanes().find(({ node }) => node === "n")!;
  const brief = (gap: number) =>
    clusters(lane, 0, 400, gap).map(({ from, items }) => [from, items]);
  assertEquals(brief(5), [[0, 3], [50, 2], [300, 1]]);
  assertEquals(brief(0.5), [[0, 1], [1, 1], [2, 1], [50, 1], [51, 1], [300, 1]]);
  assertEquals(clusters(lane, 40, 60, 5).map(({ items }) => items), [2]);
});

Deno.test("ticks are at round moments, and moments read well", () => {
  assertEquals(ticks(0, 1_000, 5), [0, 200, 400, 600, 800, 1_000]);
  assertEquals(ticks(130, 190, 4), [140, 160, 180]);
  assertEquals([0, 999.4, 61_500, 3_661_000].map((ms) => timeText(ms)), [
    "0.000 s",
    "0.999 s",
    "1:01.5",
    "1:01:01.0",
  ]);
});

Deno.test("words of NAT and firewall presets are those of their configurations", () => {
  for (const preset of ["home", "corporate", "cgnat", "cloud-nat", "full-cone"] as const) {
    assertEquals(natWords(preset), natWords(resolveNat(preset)), preset);
  }
  for (const preset of ["none", "block-inbound", "corporate", "captive-portal"] as const) {
    assertEquals(firewallWords(preset), firewallWords(resolveFirewall(preset)), preset);
  }
  assertEquals(natWords("none"), ["Addresses are not translated."]);
  assertEquals(firewallWords("corporate"), [
    "Inbound: flows that external hosts begin are dropped.",
    "Outbound: TCP only to ports 80, 443; UDP only to port 53; other protocols are dropped; " +
    "the rest is accepted.",
  ]);
  assertEquals(natWords("constructor"), ['NAT "constructor", which is not known here.']);
});

Deno.test("a filter finds words in kind, node and text, and excludes", async () => {
  const log = await storedLog();
  const count = (text: string, kinds: string[] = [], node: string | null = null) =>
    log.entries.filter(eventTest(log, { text, kinds: new Set(kinds), node })).length;
  assertEquals(count(""), log.entries.length);
  assertEquals(count("kind:router-added"), log.kinds.get("router-added"));
  assertEquals(count("-kind:router-added"), log.entries.length - log.kinds.get("router-added")!);
  assertEquals(count("", ["router-added"]), log.kinds.get("router-added"));
  const [node, events] = [...log.nodes][0];
  assertEquals(count("", [], node), events);
  assertEquals(count("no such words"), 0);
  assertEquals(count('"'), log.entries.length);
});

Deno.test("rates are differences of counters; what is not in a line is idle", () => {
  const counters = new Counters();
  const sample = (elapsedMs: number, rxBytes?: number, mappings?: number) =>
    JSON.stringify({
      version: 1,
      elapsedMs,
      interfaces: rxBytes === undefined ? {} : {
        "laptop/eth0": { rxPackets: rxBytes / 100, txPackets: 0, rxBytes, txBytes: 0 },
      },
      nat: mappings === undefined ? undefined : { home: { mappings } },
    }) + "\n";
  counters.push(bytes(sample(0, 0, 1) + sample(1_000, 1_000) + "broken\n" + sample(2_000)));
  counters.push(bytes(sample(3_000, 5_000, 4)));
  const rates = counters.rates("laptop/eth0").map(({ ms, rxBits, rxPackets }) => [
    ms,
    rxBits,
    rxPackets,
  ]);
  assertEquals(rates, [[0, 0, 0], [1_000, 8_000, 10], [2_000, 0, 0], [3_000, 32_000, 40]]);
  assertEquals(counters.damaged, 1);
  assertEquals([counters.mappingsAt("home", 2_999), counters.mappingsAt("home", 3_000)], [1, 4]);
  assertEquals(counters.interfacesOf("laptop"), ["eth0"]);
});

Deno.test("addresses of the page are read and written", () => {
  const hash = "#/run/sim-1%2Frtt%20x/events?filter=kind%3Anat&event=7";
  const route = parseRoute(hash);
  assertEquals(route, {
    run: "sim-1/rtt x",
    invocation: null,
    view: "events",
    options: { filter: "kind:nat", event: "7" },
  });
  assertEquals(routeHash(route), hash);
  assertEquals(parseRoute("#/run/x/packets?packet=a").view, "packets");
  assertEquals(parseRoute("#/run/x/nothing").view, "topology");
  for (const strange of ["", "#", "#/", "#/run/", "#/%E0%A4%A", "#//x?y"]) {
    assertEquals(parseRoute(strange).view, "runs", strange);
  }
});

Deno.test("no run is said to be running that is not", () => {
  const at = { closed: false, idleMs: 1_000_000 };
  assertEquals(statusOfRun({ ...at, written: "running", alive: true })[0], "running");
  assertEquals(statusOfRun({ ...at, written: "running", alive: false })[0], "crashed");
  assertEquals(statusOfRun({ ...at, written: "running" })[0], "crashed");
  assertEquals(statusOfRun({ ...at, written: "running", alive: true, closed: true })[0], "closed");
  assertEquals(statusOfRun(at)[0], "unknown");
  assertEquals(statusOfRun({ ...at, idleMs: 10 })[0], "running");
  assertEquals(worstStatus(["passed", "failed", "closed"]), "failed");
});
