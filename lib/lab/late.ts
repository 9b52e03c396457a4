import { type Late, late } from "../std/late.ts";
import { faultOps } from "./fault/late.ts";

/** The functions behind the methods of handles; see `operations.ts`. `Lab.create()` loads them. */
export const ops: Late<typeof import("./operations.ts")> = late(async () => {
  const [operations] = await Promise.all([import("./operations.ts"), faultOps.load()]);
  return operations;
});

/** The functions that build a lab from a `LabConfig`; only labs that have one load them. */
export const configOps: Late<typeof import("./build_config.ts")> = late(() =>
  import("./build_config.ts")
);
