import { readFileText } from "../libc.ts";

const FORK_WAIT_MS = 200;

/** The only child of a process; undefined before it forked. */
export function childOf(
  pid: number,
  readProc: (path: string) => string = readFileText,
): number | undefined {
  const [child] = readProc(`/proc/${pid}/task/${pid}/children`).trim().split(" ");
  return child ? Number(child) : undefined;
}

/**
 * Sends a signal to the only child of a process: to the program that nsenter(1)
 * started in another PID namespace, and waits for. Before it forked, the signal
 * goes to nsenter itself once it is clear that no child comes; so it does where nsenter has ended.
 */
export function signalChildOf(
  pid: number,
  signal: Deno.Signal,
  readProc: (path: string) => string = readFileText,
): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const deadline = performance.now() + FORK_WAIT_MS;
  for (;;) {
    const child = childOf(pid, readProc);
    if (child !== undefined) return Deno.kill(child, signal);
    if (hasEnded(pid, readProc) || performance.now() > deadline) return Deno.kill(pid, signal);
    Atomics.wait(pause, 0, 0, 1);
  }
}

/** Whether a process has ended, and was not waited for yet. */
function hasEnded(pid: number, readProc: (path: string) => string): boolean {
  const stat = readProc(`/proc/${pid}/stat`);
  return /^ [ZX]/.test(stat.slice(stat.lastIndexOf(")") + 1));
}
