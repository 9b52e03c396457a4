import { type Late, late } from "../std/late.ts";
import { faultOps } from "./fault/late.ts";

/** The functions behind the methods of handles; see `operations.ts`. `Lab.create()` loads them. */
export const ops: Late<typeof import("./operations.ts")> = late(async () => {
  const [operations] = await Promise.all([import("./operations.ts"), faultOps.load()]);
  return operations;
});
