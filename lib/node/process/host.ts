import type { Namespace } from "../../../native/namespace.ts";
import type { Sandbox } from "./sandbox.ts";

/** How a command ended. */
export interface Ended {
  code: number;
  signal: string | null;
}

/**
 * What the ways of running code need to know of a node: the lab gives each node
 * one. It keeps this folder free of topology.
 */
export interface Host {
  /** The node's name. */
  readonly name: string;
  /** Unique among all labs of this process. */
  readonly id: string;
  readonly namespace: Namespace;
  readonly sandbox: Sandbox;
  /** Whether {@link Host.log} keeps anything. */
  readonly logging: boolean;
  /** Throws when the node is gone; called before anything of the user's runs in it. */
  ready(): void;
  /** Runs a synchronous function inside, its children in the node's sandbox. */
  enter<T>(fn: () => T): T;
  /** Has the node's end wait for this: that a process was seen to end, and its output is read. */
  track(work: Promise<unknown>): void;
  /** Resolves, and never rejects, when it is written: who waits keeps no more than a chunk. */
  log(kind: "stdout" | "stderr", chunk: Uint8Array): void | Promise<void>;
  /** A command started; the result identifies it. */
  started(argv: string[]): string;
  ended(id: string, how: Ended): void;
  /** A module was started on a thread; the result identifies it. */
  taskStarted(module: string): string;
  /** `error` is what ended it, if it did not end by itself, or by its user's wish. */
  taskEnded(id: string, error?: unknown): void;
  /** The thread of run() is gone, and what its functions had open. */
  threadFailed(error: unknown): void;
}
