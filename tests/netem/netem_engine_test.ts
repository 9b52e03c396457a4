import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { hasCapabilities } from "../../native/process/capabilities.ts";
import { Namespace } from "../../native/namespace.ts";
import { addAddress } from "../../native/netlink/address.ts";
import { addVeth, deleteLink, getLink, readLinkState, setLink } from "../../native/netlink/link.ts";
import { NetemEngine } from "../../lib/netem/engine.ts";
import { hasNetem } from "../../lib/host/netem_probe.ts";
import { findTc, type RunTc, runTc, tcBatch, TcError } from "../../lib/netem/tc.ts";
import type { LinkEnd } from "../../lib/link/engine.ts";
import { idlePlan, netemCommands, planNetem } from "../../lib/netem/plan.ts";
import { LINK_PRESETS, type LinkLimits } from "../../lib/link/mod.ts";

const LEFT = { name: "left", index: 10, mac: Uint8Array.of(2, 0, 0, 0, 0, 1), mtu: 1500 };
const RIGHT = { name: "right", index: 11, mac: Uint8Array.of(2, 0, 0, 0, 0, 2), mtu: 1500 };

/** Two namespaces, `left <-> right`, and the left end of the link. */
class Pair {
  readonly left: Namespace = Namespace.create();
  readonly right: Namespace = Namespace.create();
  readonly end: LinkEnd = { namespace: this.left, index: 10, name: "left", label: "pc left (up)" };

  constructor() {
    this.left.rtnetlink((batch) => {
      addVeth(batch, LEFT, { ...RIGHT, namespaceFd: this.right.fd });
      addAddress(batch, LEFT.index, Uint8Array.of(10, 0, 0, 1), 24);
    });
    this.right.rtnetlink((batch) => {
      setLink(batch, RIGHT.index, { up: true });
      addAddress(batch, RIGHT.index, Uint8Array.of(10, 0, 0, 2), 24);
    });
  }

  removeLink(): void {
    this.left.rtnetlink((batch) => deleteLink(batch, LEFT.index));
  }

  [Symbol.dispose](): void {
    this.left.close();
    this.right.close();
  }
}

/** A fake of tc that records its input, and answers as requested. */
function fakeTc() {
  const calls: string[] = [];
  let shown = "[]";
  let failing: string | undefined;
  const run: RunTc = (_namespace, args, input) => {
    const lines = input?.trimEnd().split("\n") ?? [args.join(" ")];
    for (const [i, line] of lines.entries()) {
      calls.push(line);
      if (failing === undefined || !line.includes(failing)) continue;
      const stderr = `Error: Invalid argument.\nCommand failed -:${i + 1}\n`;
      return { code: 1, stdout: "", stderr };
    }
    return { code: 0, stdout: shown, stderr: "" };
  };
  return {
    run,
    /** The input since the last call. */
    lines: () => calls.splice(0),
    shows: (qdiscs: Qdisc[]) =>
      shown = JSON.stringify(qdiscs.map((qdisc) => ({ ...ZERO, ...qdisc }))),
    failsAt: (part: string | undefined) => failing = part,
  };
}

const ZERO = { kind: "", bytes: 0, packets: 0, drops: 0, requeues: 0, backlog: 0, qlen: 0 };
type Qdisc = Partial<typeof ZERO> & { handle: string };

const SHOW = "-s -j qdisc show dev left";
const REMOVE = "qdisc del dev left root handle 1:";
const set = (limits: LinkLimits, before?: LinkLimits, mtu = 1500) =>
  netemCommands("left", planNetem(limits, mtu), before && planNetem(before, mtu));

const withoutNetem = !hasCapabilities() || !findTc() || !hasNetem();
if (withoutNetem) {
  console.log(
    "tests of netem itself: not run, for it takes privileges, tc and a kernel with sch_netem",
  );
}

function test(name: string, act: (pair: Pair) => void | Promise<void>, ignore = false): void {
  Deno.test({
    name,
    ignore: ignore || !hasCapabilities(),
    async fn() {
      using pair = new Pair();
      await act(pair);
    },
  });
}

test("an end is impaired, changed, and plain again", ({ end }) => {
  const tc = fakeTc();
  const impairment = new NetemEngine(tc.run).impair(end, { lossPct: 1 }, 7);
  assertEquals(tc.lines(), set({ lossPct: 1 }));
  impairment.change({ lossPct: 2 });
  assertEquals(tc.lines(), set({ lossPct: 2 }, { lossPct: 1 }));
  impairment.change({ lossPct: 2 });
  assertEquals(tc.lines(), []);
  impairment.remove();
  assertEquals(tc.lines(), [SHOW, REMOVE]);
  impairment.remove();
  impairment.change({ lossPct: 3 });
  impairment.drop();
  assertEquals(tc.lines(), []);
});

test("frames of the interface's own MTU pass", ({ end, left }) => {
  const tc = fakeTc();
  left.rtnetlink((batch) => setLink(batch, LEFT.index, { mtu: 9000 }));
  new NetemEngine(tc.run).impair(end, { lossPct: 1 }, 7);
  assertEquals(tc.lines(), set({ lossPct: 1 }, undefined, 9000));
});

test("packets on their way arrive when a condition is removed", async ({ end }) => {
  const tc = fakeTc();
  const engine = new NetemEngine(tc.run);
  const slow = { latencyMs: 30 };
  const idle = netemCommands("left", idlePlan(planNetem(slow, 1500)), planNetem(slow, 1500));
  const first = engine.impair(end, slow, 7);
  tc.lines();
  tc.shows([{ handle: "1:", qlen: 2 }]);
  first.remove();
  assertEquals(tc.lines(), [...idle, SHOW]);
  await new Promise((done) => setTimeout(done, 200));
  assertEquals(tc.lines(), [REMOVE]);

  const second = engine.impair(end, slow, 7);
  tc.lines();
  tc.shows([]);
  second.remove();
  assertEquals(tc.lines(), [...idle, SHOW, REMOVE]);
  await engine.close();
});

test("an end that is impaired again reuses the qdiscs that still hold packets", async ({ end }) => {
  const tc = fakeTc();
  const engine = new NetemEngine(tc.run);
  const slow = { latencyMs: 30 };
  tc.shows([{ handle: "1:", qlen: 2, packets: 5, drops: 1, bytes: 500 }]);
  engine.impair(end, slow, 7).remove();
  tc.lines();
  const again = engine.impair(end, { latencyMs: 60 }, 7);
  const idle = idlePlan(planNetem(slow, 1500));
  assertEquals(tc.lines(), [
    ...netemCommands("left", planNetem({ latencyMs: 60 }, 1500), idle),
    SHOW,
  ]);
  tc.shows([{ handle: "1:", qlen: 2, packets: 7, drops: 1, bytes: 700 }]);
  const { packets, bytes, dropped } = again.counters();
  assertEquals([packets, bytes, dropped], [2, 200, 0]);
  await new Promise((done) => setTimeout(done, 200));
  assertEquals(tc.lines(), [SHOW]);
  await engine.close();
});

test("a closed engine changes nothing any more", async ({ end }) => {
  const tc = fakeTc();
  const engine = new NetemEngine(tc.run);
  tc.shows([{ handle: "1:", qlen: 2 }]);
  engine.impair(end, { latencyMs: 10 }, 7).remove();
  await engine.ready();
  await engine.close();
  tc.lines();
  await new Promise((done) => setTimeout(done, 200));
  assertEquals(tc.lines(), []);
});

test("dropped packets count, and so do earlier ones", ({ end }) => {
  const tc = fakeTc();
  const impairment = new NetemEngine(tc.run).impair(end, { latencyMs: 10, lossPct: 1 }, 7);
  tc.lines();
  tc.shows([
    { handle: "1:", packets: 90, bytes: 9000, drops: 6, qlen: 4, backlog: 400 },
    { handle: "2:", drops: 6 },
    { handle: "3:", drops: 5 },
    { handle: "4:", requeues: 3 },
  ]);
  impairment.drop();
  assertEquals(tc.lines(), [SHOW, REMOVE, ...set({ latencyMs: 10, lossPct: 1 })]);
  tc.shows([{ handle: "1:", packets: 1, bytes: 100 }, { handle: "3:" }, { handle: "4:" }]);
  assertEquals(impairment.counters(), {
    packets: 101,
    bytes: 9500,
    lost: 5,
    duplicated: 0,
    corrupted: 0,
    reordered: 3,
    dropped: 5,
    late: 0,
    meanLateMs: 0,
    maxLateMs: 0,
  });
});

test("an end that is gone can be removed, and not impaired", (pair) => {
  const { end, left } = pair;
  const tc = fakeTc();
  const engine = new NetemEngine(tc.run);
  const impairment = engine.impair(end, { lossPct: 1 }, 7);
  const other = engine.impair(end, { lossPct: 1 }, 7);
  pair.removeLink();
  tc.failsAt("qdisc");
  impairment.remove();
  assertThrows(() => engine.impair(end, { lossPct: 1 }, 7), Error, "ENODEV");
  left.close();
  other.remove();
});

test("a condition that tc refuses is an error, and the link stays unchanged", ({ end }) => {
  const tc = fakeTc();
  const engine = new NetemEngine(tc.run);
  tc.failsAt("loss random 3%");
  const error = assertThrows(() => engine.impair(end, { lossPct: 3 }, 7), TcError);
  assertEquals(
    error.message,
    "pc left (up): impair(): `tc qdisc replace dev left parent 2:1 handle 3: netem limit 1000000 " +
      "loss random 3% corrupt 0% rate 0bit` failed with exit code 1: Error: Invalid argument.",
  );
  assertEquals([error.code, error.argv[0], error.stderr.trim()], [
    1,
    "tc",
    "Error: Invalid argument.",
  ]);
  assertEquals(tc.lines(), [...set({ lossPct: 3 }).slice(0, 3), REMOVE]);

  const impairment = engine.impair(end, { lossPct: 1 }, 7);
  tc.lines();
  assertThrows(() => impairment.change({ lossPct: 3 }), TcError);
  assertEquals(tc.lines(), [
    ...set({ lossPct: 3 }, { lossPct: 1 }),
    REMOVE,
    ...set({ lossPct: 1 }),
  ]);
  impairment.change({ lossPct: 2 });
  assertEquals(tc.lines(), set({ lossPct: 2 }, { lossPct: 1 }));
});

test("the error has the line of the batch that tc refused", ({ left }) => {
  const lines = ["qdisc show dev left", "qdisc del dev left parent 9:1", "qdisc show dev left"];
  const error = assertThrows(() => tcBatch(runTc, left, "try", lines), TcError);
  assert(error.message.startsWith("try: `tc qdisc del dev left parent 9:1` failed with exit code"));
  assert(!error.message.includes("Command failed"), error.message);
}, !findTc());

/** Sends 20 MB from left to right; returns the mean length of the frames. */
async function meanFrame({ left, right }: Pair): Promise<number> {
  const sent = () => {
    const [answer] = left.rtnetlink((batch) => getLink(batch, LEFT.index));
    return readLinkState(answer).stats;
  };
  const listener = right.enter(() => Deno.listen({ hostname: "10.0.0.2", port: 7 }));
  const before = sent();
  const sender = left.enter(() =>
    new Deno.Command("bash", {
      args: ["-c", "head -c 20000000 /dev/zero > /dev/tcp/10.0.0.2/7"],
    }).spawn()
  );
  using connection = await listener.accept();
  const buffer = new Uint8Array(65536);
  while (await connection.read(buffer) !== null);
  await sender.status;
  listener.close();
  const after = sent();
  return (after.txBytes - before.txBytes) / (after.txPackets - before.txPackets);
}

function canSplit(): boolean {
  if (!hasCapabilities() || !findTc()) return false;
  using pair = new Pair();
  const [splitter] = netemCommands("left", planNetem({ lossPct: 1 }, 1500));
  return runTc(pair.left, splitter.split(" ")).code === 0;
}

test(
  "super-frames are cut up before they can be lost, and left whole for a delay",
  async (pair) => {
    const split = (limits: LinkLimits) =>
      tcBatch(runTc, pair.left, "split", [netemCommands("left", planNetem(limits, 1500))[0]]);
    assertGreater(await meanFrame(pair), 2000);
    split({ latencyMs: 10 });
    assertGreater(await meanFrame(pair), 2000);
    split({ latencyMs: 10, lossPct: 1 });
    assertLess(await meanFrame(pair), 1515);
  },
  !canSplit(),
);

test("the kernel accepts every preset, the extremes, and every change between them", ({ end }) => {
  const some: LinkLimits[] = [
    { latencyMs: 50 },
    LINK_PRESETS.wifi,
    LINK_PRESETS["mobile-3g"],
    { duplicatePct: 1, latencyMs: 1, rateKbit: 1 },
    { rateKbit: 1, lossPct: 99.999 },
    { rateKbit: 100_000_000, jitterMs: 2147, latencyMs: 60_000 },
    { reorderPct: 100, jitterMs: 0.000_1, corruptPct: 0.000_000_1 },
  ];
  const engine = new NetemEngine();
  const impairment = engine.impair(end, { latencyMs: 1 }, 7);
  for (const preset of Object.values(LINK_PRESETS)) impairment.change(preset);
  for (const from of some) {
    for (const to of some) {
      impairment.change(from);
      impairment.change(to);
    }
  }
  impairment.drop();
  impairment.remove();
  const { stdout } = runTc(end.namespace, ["qdisc", "show", "dev", end.name]);
  assert(!stdout.includes("netem"), stdout);
}, withoutNetem);

test("a delay is what a ping measures, until it is removed", async ({ end, left }) => {
  const pings = async () => {
    const args = ["-n", "-c", "5", "-i", "0.05", "-q", "10.0.0.2"];
    const { stdout } = await left.enter(() => new Deno.Command("ping", { args }).output());
    return Number(/= [\d.]+\/([\d.]+)/.exec(new TextDecoder().decode(stdout))?.[1]);
  };
  const engine = new NetemEngine();
  const impairment = engine.impair(end, { latencyMs: 40 }, 7);
  const slow = await pings();
  assert(slow > 39.9 && slow < 60, `${slow} ms`);
  assertGreater(impairment.counters().packets, 4);
  impairment.remove();
  assertLess(await pings(), 20);
  await engine.close();
}, withoutNetem);

Deno.test("an end is redirected to a shared rate, as long as it shares it", () => {
  using pair = new Pair();
  const tc = fakeTc();
  const engine = new NetemEngine(tc.run);
  const place = { namespace: pair.right, label: "bridge lan" };
  const shared = engine.shareRate(1_000, place);
  const device = /dev (share\d+)/.exec(tc.lines().join())?.[1];
  const end = { ...pair.end, far: "right" };
  const impairment = engine.impair(end, {}, 1, shared);
  const filters = () => tc.lines().filter((line) => line.startsWith("filter"));
  const all = "bpf bytecode '1,6 0 0 4294967295,' action mirred egress redirect dev";
  const join = `filter replace dev right ingress protocol all prio 3 handle 1 ${all} ${device}`;
  const leave = "filter del dev right ingress protocol all prio 3";
  assertEquals(filters(), [join]);
  impairment.change({ latencyMs: 5 }, shared);
  assertEquals(filters(), []);
  impairment.change({ latencyMs: 5 });
  assertEquals(filters(), [leave]);
  impairment.change({ latencyMs: 5 }, shared);
  assertEquals(filters(), [join]);
  impairment.remove();
  assertEquals(filters(), [leave]);
  shared.remove();
});
