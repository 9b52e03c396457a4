import type { Thrown } from "./remote_error.ts";

/** Distinguishes the thread's own messages from those of its module. */
export const TASK = "netyard:task";

/** The state of a spawned module. */
export type TaskReport =
  | { [TASK]: "entered" | "done" | "closed" }
  | { [TASK]: "exited"; code: number }
  | { [TASK]: "failed"; thrown: Thrown };
