import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";

/** Sends a signal to what a process stands for. */
export type Signal = (pid: number, signal: Deno.Signal) => void;

/** A child of which `kill()`, its abort signal and its disposal reach the program that it waits for. */
export function signalled(
  child: Deno.ChildProcess,
  signal: Signal,
  abort?: AbortSignal,
): Deno.ChildProcess {
  let ended = false;
  const kill = (name: Deno.Signal = "SIGTERM") => {
    if (ended) throw new TypeError("Child process has already terminated");
    signal(child.pid, name);
  };
  const killIfRunning = () => {
    try {
      kill();
    } catch {
      // It ended meanwhile.
    }
  };
  abort?.addEventListener("abort", killIfRunning);
  if (abort?.aborted) killIfRunning();
  const end = () => {
    ended = true;
    abort?.removeEventListener("abort", killIfRunning);
  };
  child.status.then(end, end);
  const dispose = async () => {
    killIfRunning();
    await child.status;
  };
  return new Proxy(child, {
    get(target, key) {
      if (key === "kill") return kill;
      if (key === Symbol.asyncDispose) return dispose;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The same for a process of `node:child_process`. */
export function signalNodeChild(child: ChildProcess, signal: Signal): void {
  const name = (wanted: unknown): Deno.Signal =>
    typeof wanted === "number"
      ? Object.entries(constants.signals).find(([, n]) => n === wanted)?.[0] as Deno.Signal
      : (wanted ?? "SIGTERM") as Deno.Signal;
  child.kill = (wanted) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      return false;
    }
    if (wanted === 0) return true; // It asks whether there is anything to signal.
    try {
      signal(child.pid, name(wanted));
      return true;
    } catch {
      return false; // It ended meanwhile.
    }
  };
}
