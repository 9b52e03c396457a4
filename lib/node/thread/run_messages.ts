import type { Thrown } from "./remote_error.ts";

/** A function to run, with its arguments. */
export interface RunMessage {
  id: number;
  source: string;
  args: unknown[];
  /** The name of the function in stack traces. */
  name: string;
}

/** Distinguishes the thread's own messages from those of its functions. */
export const REPLY = "netyard:run";

/** The result of a function; or that the thread is ready, or that a function ended it. */
export type RunReply =
  | { [REPLY]: "ready" }
  | { [REPLY]: "ending"; by: string }
  | { [REPLY]: "returned"; id: number; value: unknown }
  | { [REPLY]: "threw"; id: number; thrown: Thrown }
  | { [REPLY]: "unsendable"; id: number; thrown: Thrown };
