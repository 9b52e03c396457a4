import { createHash } from "node:crypto";
import { join } from "node:path";
import { findProgram, searchPath } from "../../../native/process/process.ts";
import { cacheDirectory } from "../../files/cache.ts";
import { BinaryError } from "./error.ts";
import type { BinarySpec } from "../types/types.ts";

/** How programs are provided. */
export interface BinaryOptions {
  /** `name:mode:value`, each in place of the `[[binary]]` with that name. */
  overrides?: readonly string[];
  /** Builds nothing; a missing program is an error. Default: false. */
  noBuild?: boolean;
  /** Ends builds and downloads in progress. */
  signal?: AbortSignal;
  /** Called with each line about the progress. */
  onProgress?(line: string): void;
  /** The directory for relative paths of overrides. Default: the working directory. */
  cwd?: string;
  /** The directories with cargo, git, tar and the commands. Default: PATH. */
  searchPath?: readonly string[];
  /** Returns an environment variable. Default: that of this process. */
  variable?(name: string): string | undefined;
  /** How long a server may send no data, in milliseconds. Default: one minute. */
  stallMs?: number;
}

/** What the programs of one call share. */
export interface BinaryContext {
  readonly cwd: string;
  /** The directory of the cache for programs. */
  readonly cache: string;
  readonly searchPath: readonly string[];
  readonly noBuild: boolean;
  readonly signal: AbortSignal;
  readonly stallMs: number;
  say(line: string): void;
  variable(name: string): string | undefined;
  /** Runs builds one after the other, as each of them uses all processors. */
  building<T>(act: () => Promise<T>): Promise<T>;
}

// A working server sends data within a minute, also under load.
const STALL_MS = 60_000;

/** Returns the context of options; `signal` ends all work with it. */
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

/** Returns the start of messages about a program. */
export function called({ name }: BinarySpec): string {
  return `binary "${name}"`;
}

/** Returns an error about a program. */
export function binaryError(spec: BinarySpec, message: string, cause?: unknown): BinaryError {
  return new BinaryError(spec.origin.where, `${called(spec)}: ${message}`, { cause });
}

/**
 * Returns the path of a program of the host.
 *
 * @throws {BinaryError} If it is not installed; `what` names the purpose in the message.
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

/** Returns a short name for a text of any length and letters. */
export function digest(...parts: unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

/** Returns a text as a valid file name. */
export function fileName(name: string): string {
  return name.replace(/[^\w.-]/g, "_").replace(/^\.+/, "").slice(-80) || "program";
}
