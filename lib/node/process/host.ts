import type { Namespace } from "../../../native/namespace.ts";
import type { Sandbox } from "./sandbox.ts";

/** How a command ended. */
export interface Ended {
  code: number;
  signal: string | null;
}

/** One of the two streams of output. */
export type OutputKind = "stdout" | "stderr";

/** Where one stream of a program's output goes, besides to its reader. */
export interface ProgramOutput {
  /** Takes a chunk; resolves when it is written to the log, and never rejects. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Called after the last chunk. Needs no `this`. */
  end(this: void): void;
}

/**
 * A node, as far as running code in it is concerned. The lab implements it for each node, so that this
 * folder knows no topology.
 */
export interface Host {
  /** The name of the node. */
  readonly name: string;
  /** Unique among all labs of this process. */
  readonly id: string;
  readonly namespace: Namespace;
  readonly sandbox: Sandbox;
  /** Whether {@link Host.log} keeps anything. */
  readonly logging: boolean;
  /** Variables for its programs, unless the caller sets them or starts with none. */
  readonly environment: Record<string, string>;
  /** Throws if the node was removed; called before any user code runs in it. */
  ready(): void;
  /** Runs a synchronous function inside; its child processes are in the sandbox of the node. */
  enter<T>(fn: () => T): T;
  /** Makes closing the node wait for a promise, for example the end of a process. */
  track(work: Promise<unknown>): void;
  /** Resolves when the chunk is written; never rejects. Awaiting it limits memory to one chunk. */
  log(kind: OutputKind, chunk: Uint8Array): void | Promise<void>;
  /** Where a program's output goes: to the log, as by {@link Host.log}, and to who reads events there. */
  output(kind: OutputKind): ProgramOutput;
  /**
   * Variables that a program of the user gets besides its own; called when it starts.
   *
   * @param given what it has otherwise, by the name of a variable
   */
  variables(given: (name: string) => string | undefined): Record<string, string>;
  /** A command started; the result identifies it. */
  started(argv: string[]): string;
  ended(id: string, how: Ended): void;
  /** A module was started on a thread; the result identifies it. */
  taskStarted(module: string): string;
  /** `error` is the reason if it failed; undefined if it ended normally or was stopped. */
  taskEnded(id: string, error?: unknown): void;
  /** The thread of run() has failed; its sockets are closed. */
  threadFailed(error: unknown): void;
}
