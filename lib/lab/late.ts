import { type Late, late } from "../std/late.ts";
import { faultOps } from "./fault/late.ts";

/**
 * What the handles of a lab do; see `operations.ts`. `Lab.create()` loads it, so that each handle finds
 * it.
 */
export const ops: Late<typeof import("./operations.ts")> = late(async () => {
  const [operations] = await Promise.all([import("./operations.ts"), faultOps.load()]);
  return operations;
});
