/**
 * What a run records besides events and logs: counters of the network, the load of the host with a
 * verdict on it, `run.json`, and captures. Imports `options`, `files`, `events`, `link` and `native`;
 * knows no lab. `options.ts` decides what is recorded; `recorder.ts` runs; `captures/` has the captures.
 * `README.md` describes the files and the thresholds. A lab loads the recorder only when it records.
 *
 * @module
 */
export { RecordError } from "./errors.ts";
export {
  type CaptureLimits,
  RECORD_VARIABLE,
  type RecordLevel,
  type RecordOptions,
  type RecordSettings,
} from "./options.ts";
export { type Verdict } from "./verdict.ts";
