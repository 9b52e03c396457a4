import { kill } from "node:process";

/** Clock ticks of /proc a second (`getconf CLK_TCK`; 100 on every Linux that Deno runs on). */
const TICKS = 100;

/** How much later than the run its process may seem to have started: clocks are read at different times. */
const TOLERANCE_MS = 5_000;

/**
 * Whether the process that started a run is still there. A process that has its ID now, but started after
 * the run, is another one. Undefined where /proc does not say.
 */
export async function isAlive(pid: number, startedAt: string | null): Promise<boolean | undefined> {
  if (!Number.isInteger(pid) || pid < 1) return undefined;
  try {
    const other = await startTicks(pid);
    if (other === undefined) return false;
    const own = await startTicks(Deno.pid);
    if (own === undefined) return undefined;
    // By this process, whose start is known by the wall clock: in containers, /proc/uptime may be another's.
    const processStart = performance.timeOrigin + (other - own) * 1_000 / TICKS;
    const runStart = Date.parse(startedAt ?? "");
    return Number.isNaN(runStart) || processStart < runStart + TOLERANCE_MS;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    // Without --allow-all, Deno does not let one read /proc.
    return canBeSignalled(pid);
  }
}

/** Whether there is a process with this ID; signal 0 only asks. Undefined without the permission. */
function canBeSignalled(pid: number): boolean | undefined {
  try {
    kill(pid, 0);
    return true;
  } catch (error) {
    const { code } = error as { code?: string };
    return code === "ESRCH" ? false : code === "EPERM" ? true : undefined;
  }
}

/** When a process started, in clock ticks; undefined if it has ended. */
async function startTicks(pid: number): Promise<number | undefined> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The name in parentheses may have spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : Number(fields[19]);
}
