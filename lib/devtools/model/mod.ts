/**
 * What the views show, computed from the files of a run: pure and safe for browsers (no Deno, no node:, no
 * zod). Imports `events`, and pure files of `telemetry` and `bundle`. Files of a run may be damaged or
 * hostile: nothing here throws for one. Begin with `event_log.ts`, then `history.ts`; `failure/` is why a run
 * failed and what differs from another, `lanes/` the rows of the timeline; `types.ts` has what the server and
 * the page exchange.
 *
 * @module
 */
export * from "./types.ts";
export { EventLog, type LogEntry } from "./event_log.ts";
export { StateHistory } from "./history.ts";
export { graphOf } from "./graph.ts";
export { statusOfRun } from "./status.ts";
