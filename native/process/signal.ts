import { readFileText } from "../libc.ts";

const FORK_WAIT_MS = 200;

/** The only child of a process; undefined before the fork. */
export function childOf(
  pid: number,
  readProc: (path: string) => string = readFileText,
): number | undefined {
  const [child] = readProc(`/proc/${pid}/task/${pid}/children`).trim().split(" ");
  return child ? Number(child) : undefined;
}

/**
 * Sends a signal to the only child of a process: to the program that nsenter(1) started in another PID
 * namespace, and waits for. Waits a moment for the child; if there is none, or nsenter has ended, it
 * sends the signal to nsenter.
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

/** Whether a process has ended and its parent has not waited for it yet. */
function hasEnded(pid: number, readProc: (path: string) => string): boolean {
  const stat = readProc(`/proc/${pid}/stat`);
  return /^ [ZX]/.test(stat.slice(stat.lastIndexOf(")") + 1));
}
