import { readFileText } from "../../native/libc.ts";

/** One file of `/proc/pressure`: how long some task waited for a resource. */
export interface Pressure {
  /** The share of the last ten seconds, in percent, as the kernel averages it. */
  some10: number;
  /** The time since the host started, in microseconds. */
  someUs: number;
}

/** What the host has done since it started; members that the kernel does not report are absent. */
export interface HostTotals {
  cpu?: Pressure;
  io?: Pressure;
  memory?: Pressure;
  /** How long this thread was ready to run and waited for a processor, in milliseconds. */
  waitedMs?: number;
}

/** Reads a file of `/proc/pressure`; undefined for other text. Source: the kernel's psi.rst. */
export function parsePressure(text: string): Pressure | undefined {
  const some = /^some avg10=([\d.]+) .*\btotal=(\d+)/m.exec(text);
  return some ? { some10: Number(some[1]), someUs: Number(some[2]) } : undefined;
}

/**
 * Reads how long a thread has waited for a processor from `/proc/<pid>/schedstat`, in milliseconds.
 * Source: the kernel's sched-stats.rst.
 */
export function parseWaited(text: string): number | undefined {
  const waited = /^\d+ (\d+) \d+/.exec(text);
  return waited ? Number(waited[1]) / 1e6 : undefined;
}

/** What this host reports now. Takes about 15 microseconds. */
export function readHostTotals(): HostTotals {
  const pressure = (what: string) => parsePressure(textOf(`/proc/pressure/${what}`));
  return {
    cpu: pressure("cpu"),
    io: pressure("io"),
    memory: pressure("memory"),
    waitedMs: readWaitedMs(),
  };
}

/** How long this thread has waited for a processor, in milliseconds, if the kernel reports it. */
export function readWaitedMs(): number | undefined {
  return parseWaited(textOf("/proc/thread-self/schedstat"));
}

/** The text of a file; empty if it is absent, or the kernel has the feature switched off. */
function textOf(path: string): string {
  try {
    return readFileText(path);
  } catch {
    return "";
  }
}
