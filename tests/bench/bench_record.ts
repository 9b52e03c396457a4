import { Lab, type RecordOptions } from "@netyard/netyard";
import { gigabits, hasIperf, piped, type Place } from "./iperf.ts";
import { formatTable, ms, times } from "./stats.ts";

const ROUNDS = 4;
const SECONDS = 3;
const DEVICES = 30;
const WAYS: [string, RecordOptions][] = [["off", "off"], ["events", "events"], ["full", "full"]];

/** Processor time of this process, and also of the programs that it waited for, in milliseconds. */
interface Cpu {
  own: number;
  all: number;
}

function cpuTime(): Cpu {
  const text = Deno.readTextFileSync("/proc/self/stat");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number);
  // utime, stime, cutime, cstime, in ticks of 10 ms (proc_pid_stat(5)).
  const own = 10 * (fields[11] + fields[12]);
  return { own, all: own + 10 * (fields[13] + fields[14]) };
}

async function busyLab(record: RecordOptions, use: (lab: Lab) => Promise<void>): Promise<Cpu> {
  const root = await Deno.makeTempDir();
  try {
    const lab = await Lab.create({ outDir: root, record, linkEngine: "emulator" });
    const dc = await lab.addRouter("dc", { preset: "public" });
    const home = await lab.addRouter("home", { preset: "home" });
    await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
    for (let n = 0; n < DEVICES; n++) {
      const condition = n < DEVICES / 2 ? { latencyMs: 5 } : undefined;
      await lab.addDevice(`d${n}`, { interfaces: { eth0: { gateway: home, condition } } });
    }
    const before = cpuTime();
    await use(lab);
    const after = cpuTime();
    await lab.close();
    return { own: after.own - before.own, all: after.all - before.all };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** Pings of all devices at once, and events: a fixed amount of work. */
async function pings(lab: Lab): Promise<void> {
  const ip = lab.device("server").ip!;
  const pinging = lab.devices.filter(({ name }) => name !== "server").map((device) =>
    device.command("ping", { args: ["-q", "-i", "0.005", "-c", `${SECONDS * 200}`, ip] }).output()
  );
  const changing = (async () => {
    for (let n = 0; n < SECONDS * 10; n++) {
      await lab.device("d0").interface("eth0").setCondition({ latencyMs: 5 + n % 2 });
      lab.emit("tick", { n });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  await Promise.all([...pinging, changing]);
}

const placeIn = (lab: Lab, name: string): Place => (program, args) =>
  lab.device(name).command(program, piped(args)).spawn();

/** Prints what recording costs a busy lab: processor time, and throughput. */
export async function benchRecord(): Promise<void> {
  const cpu: Record<string, Cpu[]> = {};
  const gbit: Record<string, number[]> = {};
  const withIperf = hasIperf();
  // In turn, so that what else the host does meets all alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, record] of WAYS) {
      (cpu[name] ??= []).push(await busyLab(record, pings));
      if (!withIperf) continue;
      await busyLab(record, async (lab) => {
        const { ip } = lab.device("server");
        const [from, to] = [placeIn(lab, `d${DEVICES - 1}`), placeIn(lab, "server")];
        (gbit[name] ??= []).push(await gigabits(from, to, ip!, SECONDS));
      });
    }
  }
  const rows = [[
    "recording",
    "CPU ms",
    "to off",
    "own CPU ms",
    "added",
    ...withIperf ? ["Gbit/s", "to off"] : [],
  ]];
  for (const [name] of WAYS) {
    // The best of all rounds: what else the host does only makes them worse.
    const least = (of: string) => ({
      own: Math.min(...cpu[of].map(({ own }) => own)),
      all: Math.min(...cpu[of].map(({ all }) => all)),
    });
    const [used, off] = [least(name), least("off")];
    rows.push([
      name,
      ms(used.all),
      times(used.all, off.all),
      ms(used.own),
      // Of a recording, the other programs notice only that the kernel copies packets.
      `${(100 * (used.own - off.own) / off.all).toFixed(1)} %`,
      ...withIperf
        ? [
          Math.max(...gbit[name]).toFixed(1),
          times(Math.max(...gbit[name]), Math.max(...gbit.off)),
        ]
        : [],
    ]);
  }
  console.log(
    `record: ${DEVICES} devices ping for ${SECONDS} s, with events; one sends TCP by iperf3`,
  );
  console.log(`${formatTable(rows)}\n`);
}
