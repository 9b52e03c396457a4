import type { TapOffload } from "../../native/frames/tap.ts";
import type { LinkLimits } from "../link/mod.ts";
import { isPerPacket } from "./shaper.ts";

/** What the kernel is to leave to the emulator under given limits, and perhaps a shared rate. */
export function offloadFor(limits: LinkLimits, shared = false): TapOffload {
  if (!isPerPacket(limits) && !shared) return "segmentation";
  // A checksum that is computed after the damage would hide it.
  return limits.corruptPct ? "none" : "checksum";
}
