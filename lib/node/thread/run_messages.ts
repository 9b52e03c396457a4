import type { Thrown } from "./remote_error.ts";

/** A function to run, with its arguments. */
export interface RunMessage {
  id: number;
  source: string;
  args: unknown[];
  /** What the function is called in stack traces. */
  name: string;
}

/** Tells the thread's own messages from those of the functions that it runs. */
export const REPLY = "netyard:run";

/** What became of a function; or that the thread is ready, or that a function ends it. */
export type RunReply =
  | { [REPLY]: "ready" }
  | { [REPLY]: "ending"; by: string }
  | { [REPLY]: "returned"; id: number; value: unknown }
  | { [REPLY]: "threw"; id: number; thrown: Thrown }
  | { [REPLY]: "unsendable"; id: number; thrown: Thrown };
