import { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Signal } from "./signalled.ts";

/** The options of a process that is about to start, which a hook may change (names as in Node.js). */
export interface SpawnOptions {
  file: string;
  args: string[];
  envPairs?: string[];
  cwd?: string;
  stdio?: unknown;
}

type Spawn = (this: ChildProcess, options: SpawnOptions) => unknown;

/**
 * Decides how a process starts: calls `start` with the options it wants, from
 * inside the namespaces it wants. Returns undefined to leave the process alone.
 */
export type SpawnHook = (
  child: ChildProcess,
  options: SpawnOptions,
) => ((start: (options: SpawnOptions) => void) => void) | undefined;

const hooks: SpawnHook[] = [];

/**
 * Adds a hook to every process that is started through `node:child_process`.
 *
 * dax starts its processes there, some turns of the event loop after the call, so entering a namespace
 * around the call would have no effect: only the place of the fork works.
 */
export function hookSpawn(hook: SpawnHook): void {
  if (hooks.length === 0) install();
  hooks.push(hook);
}

function install(): void {
  const prototype = ChildProcess.prototype as unknown as { spawn: Spawn };
  const original = prototype.spawn;
  prototype.spawn = function (options) {
    for (const hook of hooks) {
      const around = hook(this, options);
      if (!around) continue;
      let result: unknown;
      around((changed) => {
        result = original.call(this, changed);
      });
      return result;
    }
    return original.call(this, options);
  };
}

/** Makes `kill()` of a process of `node:child_process` reach the program that it waits for, as `signalled()` does. */
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
