import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { signalChildOf } from "../../native/signal.ts";

/** Sends a signal to what a process stands for. */
export type Signal = (pid: number, signal: Deno.Signal) => void;

/** A child of which `kill()` reaches the program that it waits for. */
export function signalled(
  child: Deno.ChildProcess,
  signal: Signal = signalChildOf,
): Deno.ChildProcess {
  const kill = (name: Deno.Signal = "SIGTERM") => signal(child.pid, name);
  return new Proxy(child, {
    get(target, key) {
      if (key === "kill") return kill;
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
    if (child.pid === undefined) return false;
    try {
      signal(child.pid, name(wanted));
      return true;
    } catch {
      return false; // It ended meanwhile.
    }
  };
}
