import {
  type Device,
  type Interface,
  Lab,
  type LinkCondition,
  type Router,
} from "@netyard/netyard";
import process from "node:process";
import { directPair } from "./bench_path.ts";
import { gigabits, hasIperf, iperf, piped, type Place } from "./iperf.ts";
import { formatTable, median, ms, times } from "./stats.ts";

/** Link conditions: what was asked beside what is achieved, and what they cost beside plain veth. */
export async function benchLinks(): Promise<void> {
  for (const part of [accuracy, chance, rates, capacity, scale]) await part();
}

interface Scene extends AsyncDisposable {
  lab: Lab;
  router: Router;
  device: Device;
  iface: Interface;
}

async function scene(): Promise<Scene> {
  const lab = await Lab.create({ label: "bench", seed: 1 });
  const router = await lab.addRouter("dc", { preset: "public" });
  const device = await lab.addDevice("pc", { interfaces: { eth0: { gateway: router } } });
  const iface = device.interface("eth0");
  return { lab, router, device, iface, [Symbol.asyncDispose]: () => lab.close() };
}

/** Delay and jitter: probes with the kernel's timestamps, and ping(8) beside them. */
async function accuracy(): Promise<void> {
  await using bench = await scene();
  const { iface, device, router, lab } = bench;
  const rows = [["one-way delay", "mean error", "99th pct.", "ping: RTT/2", "jitter", "late"]];
  const cases: [string, LinkCondition | null][] = [
    ["plain veth", null],
    ...[1, 10, 50, 100, 300].map((n): [string, LinkCondition] => [`${n} ms`, { latencyMs: n }]),
    ["50 ± 10 ms", { latencyMs: 50, jitterMs: 10 }],
    ["50 ± 10 ms, 50 Mbit/s", { latencyMs: 50, jitterMs: 10, rateKbit: 50_000 }],
  ];
  for (const [name, condition] of cases) {
    await iface.setCondition(condition);
    const asked = typeof condition === "object" ? condition?.latencyMs ?? 0 : 0;
    const { up } = await iface.measure({ probes: 1_000, intervalMs: 2 });
    const pinged = await device.$`ping -q -n -c 50 -i 0.01 ${router.downstreamGateway!}`.text();
    const rtt = Number(/= [\d.]+\/([\d.]+)/.exec(pinged)![1]);
    const late = (await iface.counters()).up?.late ?? 0;
    rows.push([
      name,
      `${(up.meanMs - asked).toFixed(3)} ms`,
      `${(up.p99Ms - asked).toFixed(3)} ms`,
      `${(rtt / 2).toFixed(2)} ms`,
      `${up.jitterMs.toFixed(2)} ms`,
      String(late),
    ]);
  }
  console.log(`engine: ${lab.linkEngine}\n${formatTable(rows)}\n`);
}

/** Loss, duplication, damage and overtaking, of 20,000 probes each way. */
async function chance(): Promise<void> {
  await using bench = await scene();
  const { iface } = bench;
  const rows = [["asked", "loss", "duplicate", "corrupt", "ahead"]];
  for (const pct of [0.1, 1, 10, 30]) {
    const effects = [
      ["lossPct", "lossPct"],
      ["duplicatePct", "duplicatePct"],
      ["corruptPct", "corruptPct"],
    ] as const;
    const got: string[] = [];
    for (const [field, found] of effects) {
      await iface.setCondition({ [field]: pct });
      const { up, down } = await iface.measure({ probes: 20_000, intervalMs: 0.05 });
      got.push(`${up[found].toFixed(2)} / ${down[found].toFixed(2)}`);
    }
    await iface.setCondition(null);
    await iface.setCondition({ reorderPct: pct, latencyMs: 5 });
    await iface.measure({ probes: 20_000, intervalMs: 0.05 });
    const { up, down } = await iface.counters();
    const ahead = (c = up!) => (100 * c.reordered / c.packets).toFixed(2);
    got.push(`${ahead(up)} / ${ahead(down)}`);
    rows.push([`${pct} %`, ...got]);
  }
  console.log(`up / down, in percent\n${formatTable(rows)}\n`);
}

async function rates(): Promise<void> {
  await using bench = await scene();
  const { iface, device, lab } = bench;
  const rows = [["rate", "on the wire", "with 50 ms", "TCP goodput"]];
  const places = hasIperf() ? [placeOf(device), placeOf(lab.ix)] as const : undefined;
  for (const mbit of [1, 10, 100, 500]) {
    const measured: string[] = [];
    for (const latencyMs of [0, 50]) {
      await iface.setCondition({ rateKbit: 1000 * mbit, latencyMs });
      const { up } = await iface.measure({ probes: 20 });
      measured.push(`${(up.rateKbit / 1000).toFixed(2)}`);
    }
    await iface.setCondition({ rateKbit: 1000 * mbit });
    const tcp = places ? 1000 * await gigabits(...places, lab.ix.ip, 2) : NaN;
    rows.push([`${mbit} Mbit/s`, ...measured, tcp.toFixed(2)]);
  }
  console.log(`Mbit/s\n${formatTable(rows)}\n`);
}

const COUNT = `nft -f - <<END
table inet bench {
  counter arrived {
  }
  chain input {
    type filter hook input priority 0
    udp dport 5201 counter name arrived
  }
}
END`;

const placeOf = (node: Device | Lab["ix"]): Place => (program, args) =>
  node.command(program, piped(args)).spawn();

/** How much goes through, beside a veth pair of its own. */
async function capacity(): Promise<void> {
  if (!hasIperf()) return;
  await using bench = await scene();
  const { iface, device, lab } = bench;
  using pair = directPair();
  const places = [placeOf(device), placeOf(lab.ix)] as const;
  // By default TCP keeps 4 MB at most on the way: 0.8 Gbit/s at 40 ms, whatever the link can do.
  for (const node of [device, lab.ix]) {
    for (const name of ["tcp_rmem", "tcp_wmem"]) {
      await node.$`sysctl -q -w ${`net.ipv4.${name}=4096 131072 134217728`}`;
    }
  }
  const cases: [string, LinkCondition | null][] = [
    ["no condition (two hops)", null],
    ["a delay of 1 us each way", { latencyMs: 0.001 }],
    ["20 ms each way", { latencyMs: 20 }],
    ["per-packet effects", { duplicatePct: 0.000001 }],
  ];
  const direct: number[] = [];
  const got = cases.map((): number[] => []);
  for (let round = 0; round < 3; round++) {
    direct.push(await gigabits(pair.from, pair.to, pair.ip, 2));
    for (const [n, [_, condition]] of cases.entries()) {
      await iface.setCondition(condition);
      got[n].push(await gigabits(...places, lab.ix.ip, 3));
    }
  }
  const plain = median(direct);
  const rows = [["TCP", "Gbit/s", "of plain veth"], ["plain veth", plain.toFixed(1), "1.00x"]];
  for (const [n, [name]] of cases.entries()) {
    rows.push([name, median(got[n]).toFixed(1), times(median(got[n]), plain)]);
  }
  console.log(`${formatTable(rows)}\n`);

  const small: string[][] = [["64-byte datagrams", "a second", "arrived", "read by iperf3"]];
  // What arrives is counted by the kernel: three busy programs on two processors lose by themselves.
  await lab.ix.$`sh -c ${COUNT}`;
  const counted = async () =>
    Number(/packets (\d+)/.exec(await lab.ix.$`nft list counter inet bench arrived`.text())![1]);
  for (const [name, condition] of [["no condition", null], ["10 ms", { latencyMs: 10 }]] as const) {
    await iface.setCondition(condition);
    const before = await counted();
    // 51.2 Mbit/s of 64 bytes are 100,000 datagrams.
    const { sum } = await iperf(...places, lab.ix.ip, "-u -b 51.2M -l 64 -t 3 -w 208K".split(" "));
    const perSecond = sum.bits_per_second / 8 / 64;
    const arrived = await counted() - before;
    const read = sum.packets - sum.lost_packets;
    small.push([name, perSecond.toFixed(0), `${arrived} of ${sum.packets}`, String(read)]);
  }
  const dropped = (await iface.counters()).up?.dropped;
  console.log(`${formatTable(small)}\ndropped by the link: ${dropped}\n`);
}

/** Many links: setting them, having them, and using some of them. */
async function scale(): Promise<void> {
  await using lab = await Lab.create({ label: "bench", seed: 1 });
  const devices: Device[] = [];
  for (let r = 0; r < 10; r++) {
    const gateway = await lab.addRouter(`r${r}`, { preset: "public" });
    for (let n = 0; n < 10; n++) {
      devices.push(await lab.addDevice(`d${r}-${n}`, { interfaces: { eth0: { gateway } } }));
    }
  }
  const faces = devices.map((device) => device.interface("eth0"));
  // Something runs: from here on, setting a condition must lose nothing.
  await devices[0].$`true`;
  const set = async (condition: LinkCondition | null) => {
    const start = performance.now();
    for (const face of faces) await face.setCondition(condition);
    return performance.now() - start;
  };
  const first = await set({ latencyMs: 10 });
  const one: number[] = [];
  for (let n = 0; n < 20; n++) {
    const start = performance.now();
    await faces[0].setCondition({ latencyMs: 11 - n % 2 });
    one.push(performance.now() - start);
  }
  // By then new hosts have asked for routers, each of its LAN, three times (RFC 4861).
  await new Promise((resolve) => setTimeout(resolve, 13_000));
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const used = process.cpuUsage(before);
  const idle = (used.user + used.system) / 1e6 / 5;
  const others = hasIperf() ? devices.slice(1, 10) : [];
  const thousand = "-u -b 512K -l 64 -t 5".split(" ");
  const flows = others.map((device, n) =>
    iperf(placeOf(device), placeOf(lab.ix), lab.ix.ip, thousand, 5300 + n)
  );
  const busy = await faces[0].measure({ probes: 2_000, intervalMs: 1 });
  await Promise.all(flows);
  const cleared = await set(null);
  const again = await set({ latencyMs: 10 });
  console.log(
    formatTable([
      ["100 links with a condition each way", ""],
      ["set for the first time, all in use", `${ms(first)} ms`],
      ["cleared", `${ms(cleared)} ms`],
      ["set again", `${ms(again)} ms`],
      ["one changed, until it is effective", `${ms(median(one))} ms`],
      ["idle, of a processor", `${(100 * idle).toFixed(2)} %`],
      ["10 of them busy with 1,000 packets a second", ""],
      ["  mean error of the delay", `${(busy.up.meanMs - 10).toFixed(3)} ms`],
      ["  99th percentile", `${(busy.up.p99Ms - 10).toFixed(3)} ms`],
    ]) + "\n",
  );
}
