/** What faults and schedules do; `late.ts` loads it when a lab is created. */
export { startFault } from "./effects.ts";
export { stepsSchema } from "./steps.ts";
export { faultRecord, faultSchema } from "./types.ts";
