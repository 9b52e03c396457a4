import { Lab, type Vm } from "@netyard/netyard";
import { cacheDirectory } from "../../lib/files/cache.ts";
import { tinyBootFiles } from "../../lib/vm/tiny/boot_files.ts";
import { TinyGuest } from "../vm/tiny/tiny_guest.ts";
import { formatTable, median, ms, times } from "./stats.ts";

const ROUNDS = 10;
const MANY = 8;
const MEBIBYTE = 2 ** 20;

async function took(act: () => unknown): Promise<number> {
  const started = performance.now();
  await act();
  return performance.now() - started;
}

async function medianOf(act: () => Promise<number>, rounds = ROUNDS): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < rounds; i++) all.push(await act());
  return median(all);
}

/** Runs `act` with a cache that has the guest's boot files, and no machine that has booted. */
async function withoutBooted<T>(act: () => Promise<T>): Promise<T> {
  const real = cacheDirectory();
  const directory = await Deno.makeTempDir();
  await Deno.symlink(`${real}/tiny`, `${directory}/tiny`);
  const before = Deno.env.get("NETYARD_CACHE");
  Deno.env.set("NETYARD_CACHE", directory);
  try {
    return await act();
  } finally {
    if (before === undefined) Deno.env.delete("NETYARD_CACHE");
    else Deno.env.set("NETYARD_CACHE", before);
    await Deno.remove(directory, { recursive: true });
  }
}

/** A lab with a bridge, and what is done with it. */
async function inLab<T>(act: (lab: Lab) => Promise<T>): Promise<T> {
  await using lab = await Lab.create({ label: "bench" });
  lab.bridge("lan");
  return await act(lab);
}

const onLan = (lab: Lab, name: string) => lab.vm(name, { bridges: ["lan"] });

const bootAndRun = async (vm: Vm) => {
  await vm.boot();
  (await vm.run("true")).assertOk();
};

/** Prints what virtual machines cost; booting beside a QEMU that was started by hand. */
export async function benchVms(): Promise<void> {
  const files = await tinyBootFiles();
  const rows = [["virtual machines (tiny, 256 MB)", "median", "limit", "baseline"]];
  const row = (what: string, value: number, limit: string, baseline = "") =>
    rows.push([what, `${ms(value)} ms`, limit, baseline]);

  await benchFirstBoot(files, row);
  await inLab(async (lab) => { // What is measured from here on resumes.
    await bootAndRun(onLan(lab, "first"));
  });
  row(
    'later boot to run("true")',
    await medianOf(() => inLab((lab) => took(() => bootAndRun(onLan(lab, "a"))))),
    "600 ms",
  );
  await inLab(benchMany(row));
  await inLab(benchOne(row));
  console.log(`${formatTable(rows)}\n`);
}

type Row = (what: string, value: number, limit: string, baseline?: string) => void;

/** One by hand and one by Netyard, in turn: the host is not as fast at all times. */
async function benchFirstBoot(
  files: Awaited<ReturnType<typeof tinyBootFiles>>,
  row: Row,
): Promise<void> {
  const own: number[] = [];
  const byHand: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    let guest: TinyGuest | undefined;
    byHand.push(
      await took(async () => {
        guest = await TinyGuest.boot(files);
        await guest.run("true");
      }),
    );
    await guest?.[Symbol.asyncDispose]();
    own.push(
      await withoutBooted(() => inLab((lab) => took(() => bootAndRun(onLan(lab, "a"))))),
    );
  }
  const [a, b] = [median(own), median(byHand)];
  row('first boot to run("true")', a, "1.3x", `by hand ${ms(b)} ms: ${times(a, b)}`);
}

/** Eight at once, and what memory they take. */
function benchMany(row: Row): (lab: Lab) => Promise<void> {
  return async (lab) => {
    const all = Array.from({ length: MANY }, (_, i) => onLan(lab, `vm${i}`));
    const rounds: number[] = [];
    let bytes = 0;
    for (let i = 0; i < ROUNDS; i++) {
      const before = availableBytes();
      rounds.push(await took(() => Promise.all(all.map(bootAndRun))));
      bytes ||= before - availableBytes();
      await Promise.all(all.map((vm) => vm.powerOff()));
    }
    row(`${MANY} later boots at once`, median(rounds), "3000 ms");
    console.log(`memory of ${MANY} resumed guests: ${(bytes / MEBIBYTE).toFixed(0)} MB of 1200\n`);
  };
}

function benchOne(row: Row): (lab: Lab) => Promise<void> {
  return async (lab) => {
    const [a, b] = [onLan(lab, "a"), onLan(lab, "b")];
    await lab.boot();
    row('run("true")', await medianOf(() => took(() => a.run("true"))), "60 ms");

    const megabyte = crypto.getRandomValues(new Uint8Array(65_536));
    const file = new Uint8Array(1_000_000).map((_, i) => megabyte[i % megabyte.length]);
    row(
      "write a file of 1 MB",
      await medianOf(() => took(() => a.writeFile("/tmp/f", file))),
      "1000 ms",
    );
    row("read it", await medianOf(() => took(() => a.readFile("/tmp/f"))), "1000 ms");

    row(
      "snapshot()",
      await medianOf(async () => {
        let snapshot: Disposable | undefined;
        const time = await took(async () => snapshot = await a.snapshot());
        snapshot?.[Symbol.dispose]();
        return time;
      }),
      "100 ms",
    );
    using snapshot = await a.snapshot();
    row(
      'restore() to run("true")',
      await medianOf(() =>
        took(async () => {
          await a.restore(snapshot);
          await a.run("true");
        })
      ),
      "600 ms",
    );

    const lan = lab.bridge("lan");
    row(
      "partition",
      await medianOf(async () => {
        const time = await took(() => lan.partition(a, b));
        await lan.unpartition(a, b);
        return time;
      }),
      "150 ms",
    );
    row(
      "one-way latency",
      await medianOf(async () => {
        const time = await took(() => lan.addLatency({ from: a, to: b, ms: 10 }));
        await lan.reset();
        return time;
      }),
      "150 ms",
    );
    row(
      "condition of a link",
      await medianOf(async () => {
        const time = await took(() => a.interface("eth0").setCondition("wifi"));
        await a.interface("eth0").setCondition(null);
        return time;
      }),
      "150 ms",
    );
    row(
      "cable pulled, as the guest sees it",
      await medianOf(async () => {
        const gone = "while [ $(cat /sys/class/net/eth0/carrier) = 1 ]; do :; done";
        const time = await took(async () => {
          await a.nic("lan").disconnect();
          await a.run(gone);
        });
        await a.nic("lan").reconnect();
        return time;
      }),
      "150 ms",
    );
  };
}

function availableBytes(): number {
  const { stdout } = new Deno.Command("grep", { args: ["MemAvailable", "/proc/meminfo"] })
    .outputSync();
  return 1024 * Number(/\d+/.exec(new TextDecoder().decode(stdout)));
}
