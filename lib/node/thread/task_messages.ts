import type { Thrown } from "./remote_error.ts";

/** Tells the thread's own messages from those of the module that it runs. */
export const TASK = "netyard:task";

/** How a spawned module fares. */
export type TaskReport =
  | { [TASK]: "entered" | "done" | "closed" }
  | { [TASK]: "exited"; code: number }
  | { [TASK]: "failed"; thrown: Thrown };
