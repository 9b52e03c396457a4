import { type Late, late } from "../../std/late.ts";

/** The captures: loaded only for a lab whose packets are captured. */
export const capturesModule: Late<typeof import("../../record/captures/captures.ts")> = late(() =>
  import("../../record/captures/captures.ts")
);
