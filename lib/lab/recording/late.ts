import { type Late, late } from "../../std/late.ts";

/** The recorder: loaded only for a lab that is recorded. */
export const recordingModule: Late<typeof import("./recording.ts")> = late(() =>
  import("./recording.ts")
);

/** What records the reports of programs: loaded only for a lab that is recorded. */
export const telemetryModule: Late<typeof import("./telemetry.ts")> = late(() =>
  import("./telemetry.ts")
);
