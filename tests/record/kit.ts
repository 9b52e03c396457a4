/** What the tests of recordings share. */
import { parsePressure } from "../../lib/record/host_load.ts";
import type { Counters, CountersLine } from "../../lib/record/sample.ts";
import type { RunInfo } from "../../lib/record/run_info.ts";
import { readFileText } from "../../native/libc.ts";

/** The `run.json` of a run. */
export async function runOf(directory: string): Promise<RunInfo> {
  return JSON.parse(await Deno.readTextFile(`${directory}/run.json`));
}

/** The lines of `counters.jsonl`; none if there is no file yet. */
export async function linesOf(directory: string): Promise<CountersLine[]> {
  const text = await Deno.readTextFile(`${directory}/counters.jsonl`).catch(() => "");
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** All counters after some lines, as a reader adds them up. */
export function total(lines: readonly CountersLine[]): Counters {
  const all: Counters = { interfaces: {}, links: {}, nat: {}, firewall: {}, host: {} };
  for (const line of lines) {
    for (const part of ["interfaces", "links", "nat", "firewall"] as const) {
      Object.assign(all[part], line[part]);
    }
    if (line.host) all.host = line.host;
  }
  return all;
}

/** The time that some task has waited for a processor, in microseconds; undefined if not known. */
export function cpuWaitUs(): number | undefined {
  try {
    return parsePressure(readFileText("/proc/pressure/cpu"))?.someUs;
  } catch {
    return undefined;
  }
}

/** Programs that keep all processors busy, at the lowest priority, until they are disposed. Resolves
 * once they do. */
export async function busyHost(): Promise<AsyncDisposable> {
  const loops = Array.from(
    { length: 3 * navigator.hardwareConcurrency },
    () =>
      // Without the parent they end too: its stdin closes.
      new Deno.Command("sh", {
        args: ["-c", "renice -n 19 $$ >&2; (while :; do :; done) & read -r _; kill $!"],
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      }),
  ).map((command) => command.spawn());
  for (let waited = 0; waited < 95;) {
    const [before, from] = [cpuWaitUs()!, performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 200));
    waited = (cpuWaitUs()! - before) / 10 / (performance.now() - from);
  }
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(loops.map(async (loop) => {
        await loop.stdin.close().catch(() => {});
        await loop.status;
      }));
    },
  };
}
