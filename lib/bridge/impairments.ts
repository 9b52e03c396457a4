import type { LinkLimits } from "../link/mod.ts";

/** The impairments of a bridge, or of one direction between two of its members. 0 for none. */
export interface Impairments {
  /** One-way delay, in milliseconds. */
  latencyMs: number;
  /** The share of frames that are lost, in percent. */
  dropRatePct: number;
  /** The bit rate, in bits per second; 0 for unlimited. */
  bandwidthBps: number;
}

/** No impairments. */
export const UNIMPAIRED: Readonly<Impairments> = { latencyMs: 0, dropRatePct: 0, bandwidthBps: 0 };

/** Whether nothing is impaired. */
export const isUnimpaired = ({ latencyMs, dropRatePct, bandwidthBps }: Impairments): boolean =>
  !latencyMs && !dropRatePct && !bandwidthBps;

/** Converts a rate to the unit of links. */
export const toKbit = (bps: number): number => bps / 1000;

/** Returns the link limits of one direction between two members. */
export function directionLimits(of: Impairments): LinkLimits {
  return { ...frameLimits(of), ...of.bandwidthBps ? { rateKbit: toKbit(of.bandwidthBps) } : {} };
}

/** Returns the link limits of a whole bridge that apply per frame. The rate applies to all frames together. */
export function frameLimits({ latencyMs, dropRatePct }: Impairments): LinkLimits {
  return {
    ...dropRatePct ? { lossPct: dropRatePct } : {},
    ...latencyMs ? { latencyMs } : {},
  };
}
