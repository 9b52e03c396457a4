import { createHash } from "node:crypto";
import { join } from "node:path";
import { findProgram, searchPath } from "../../../native/process/process.ts";
import { cacheDirectory } from "../../files/cache.ts";
import { BinaryError } from "./error.ts";
import type { BinarySpec } from "../types/types.ts";

/** How programs are got. */
export interface BinaryOptions {
  /** `name:mode:value`, each in place of what the files declare by that name. */
  overrides?: readonly string[];
  /** Nothing is built; what is not there is an error. Default: false. */
  noBuild?: boolean;
  /** Ends what goes on. */
  signal?: AbortSignal;
  /** What goes on, a line each. */
  onProgress?(line: string): void;
  /** What paths of overrides are relative to. Default: the working directory. */
  cwd?: string;
  /** Where cargo, git, tar and the commands are looked up. Default: PATH. */
  searchPath?: readonly string[];
  /** Default: the variables of this process. */
  variable?(name: string): string | undefined;
  /** How long a server may send nothing, in milliseconds. Default: a minute. */
  stallMs?: number;
}

/** What is common to all programs that are got at once. */
export interface BinaryContext {
  readonly cwd: string;
  /** Where programs are kept. */
  readonly cache: string;
  readonly searchPath: readonly string[];
  readonly noBuild: boolean;
  readonly signal: AbortSignal;
  readonly stallMs: number;
  say(line: string): void;
  variable(name: string): string | undefined;
  /** Runs builds one after the other: each of them takes all processors already. */
  building<T>(act: () => Promise<T>): Promise<T>;
}

// A server that is alive sends something in a minute, also under load.
const STALL_MS = 60_000;

/** What the options mean; `signal` ends all that is done with it. */
export function contextOf(options: BinaryOptions, signal: AbortSignal): BinaryContext {
  const variable = options.variable ?? ((name: string) => Deno.env.get(name));
  let last: Promise<unknown> = Promise.resolve();
  return {
    cwd: options.cwd ?? Deno.cwd(),
    cache: join(cacheDirectory(variable), "binaries"),
    searchPath: options.searchPath ?? searchPath(),
    noBuild: options.noBuild ?? false,
    signal,
    stallMs: options.stallMs ?? STALL_MS,
    say: (line) => options.onProgress?.(line),
    variable,
    building(act) {
      const turn = last.then(() => {
        signal.throwIfAborted();
        return act();
      });
      last = turn.catch(() => {});
      return turn;
    },
  };
}

/** How lines on a program begin. */
export function called({ name }: BinarySpec): string {
  return `binary "${name}"`;
}

/** The error of a program. */
export function binaryError(spec: BinarySpec, message: string, cause?: unknown): BinaryError {
  return new BinaryError(spec.origin.where, `${called(spec)}: ${message}`, { cause });
}

/**
 * The file of a program of the host.
 *
 * @throws {BinaryError} If it is not installed; `what` says for which purpose it is needed.
 */
export function programOf(
  context: BinaryContext,
  name: string,
  failure: (message: string) => BinaryError,
  what: string,
): string {
  const found = findProgram(name, context.searchPath);
  if (found) return found;
  throw failure(`${what} needs ${name}, which is in no directory of PATH: install it`);
}

/** A short name for what may be of any length and letters. */
export function digest(...parts: unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

/** A name as a file may have it. */
export function fileName(name: string): string {
  return name.replace(/[^\w.-]/g, "_").replace(/^\.+/, "").slice(-80) || "program";
}
