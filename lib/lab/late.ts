import { type Late, late } from "../std/late.ts";

/**
 * What the handles of a lab do; see `operations.ts`. `Lab.create()` loads it, so that it is there for
 * all that a handle does.
 */
export const ops: Late<typeof import("./operations.ts")> = late(() => import("./operations.ts"));
