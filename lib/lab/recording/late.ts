import { type Late, late } from "../../std/late.ts";

/** What keeps the record of a script that fails: loaded only for a lab with `"on-failure"`. */
export const scriptModule: Late<typeof import("./script_record.ts")> = late(() =>
  import("./script_record.ts")
);

/** The recorder: loaded only for a lab that is recorded. */
export const recordingModule: Late<typeof import("./recording.ts")> = late(() =>
  import("./recording.ts")
);

/** What records the reports of programs: loaded only for a lab that is recorded. */
export const telemetryModule: Late<typeof import("./telemetry.ts")> = late(() =>
  import("./telemetry.ts")
);
