import { type Late, late } from "../../std/late.ts";

/** What faults and schedules do; loaded when a lab is created. */
export const faultOps: Late<typeof import("./operations.ts")> = late(() =>
  import("./operations.ts")
);
