import type { LinkLimits } from "../link/mod.ts";

/** How bad a bridge is, or the way from one of its members to another. 0 for not at all. */
export interface Impairments {
  /** One-way delay, in milliseconds. */
  latencyMs: number;
  /** Frames that are lost, in percent. */
  dropRatePct: number;
  /** The bit rate, in bits per second; 0 for unlimited. */
  bandwidthBps: number;
}

/** As good as the kernel can make it. */
export const UNIMPAIRED: Readonly<Impairments> = { latencyMs: 0, dropRatePct: 0, bandwidthBps: 0 };

/** Whether nothing is impaired. */
export const isUnimpaired = ({ latencyMs, dropRatePct, bandwidthBps }: Impairments): boolean =>
  !latencyMs && !dropRatePct && !bandwidthBps;

/** A rate as links have it. */
export const kbitOf = (bps: number): number => bps / 1000;

/** The limits of the way from one member to another. */
export function wayLimits(of: Impairments): LinkLimits {
  return { ...frameLimits(of), ...of.bandwidthBps ? { rateKbit: kbitOf(of.bandwidthBps) } : {} };
}

/** Of a whole bridge: what each frame meets for itself. The rate is one for all frames together. */
export function frameLimits({ latencyMs, dropRatePct }: Impairments): LinkLimits {
  return {
    ...dropRatePct ? { lossPct: dropRatePct } : {},
    ...latencyMs ? { latencyMs } : {},
  };
}
