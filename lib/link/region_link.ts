import defer * as z from "zod";
import { parseOptions } from "../options/parse_options.ts";
import { lazy } from "../std/lazy.ts";
import { MAX_DELAY_MS } from "./limits.ts";

/**
 * The condition of the link between two regions. Each value applies to each direction; an effect that is
 * left out, or 0, does not happen. {@linkcode RegionLink.good} and {@linkcode RegionLink.degraded} make
 * one from a round-trip time.
 */
export interface RegionLink {
  /** One-way delay, in milliseconds: half of what it adds to a round trip. Default 0. */
  latencyMs?: number;
  /**
   * The largest deviation of the delay in either direction, in milliseconds, uniformly distributed.
   * Default 0.
   */
  jitterMs?: number;
  /** Packets that are lost, in percent. Default 0. */
  lossPct?: number;
  /** The bit rate, in kbit/s (1,000 bits), of whole Ethernet frames. Default 0: unlimited. */
  rateKbit?: number;
}

/** Makes links between regions from their round-trip times. */
export interface RegionLinkPresets {
  /** A perfect link that adds `rttMs` to each round trip, in milliseconds from 0 to 120,000. */
  good(rttMs: number): RegionLink;
  /**
   * A link that adds `rttMs` to each round trip, in milliseconds from 0 to 120,000, with a jitter of
   * 10 % of the latency and a loss of 1 %, in each direction.
   */
  degraded(rttMs: number): RegionLink;
}

const rttSchema = lazy(() => z.number().min(0).max(2 * MAX_DELAY_MS));

/**
 * Makes links between regions from the round-trip time that they add: half of it in each direction.
 *
 * @example
 * ```ts
 * import { RegionLink } from "@netyard/netyard";
 *
 * RegionLink.good(80); // { latencyMs: 40 }
 * RegionLink.degraded(80); // { latencyMs: 40, jitterMs: 4, lossPct: 1 }
 * ```
 */
export const RegionLink: RegionLinkPresets = {
  good(rttMs) {
    return { latencyMs: parseOptions(rttSchema(), rttMs, "RegionLink.good()") / 2 };
  },
  degraded(rttMs) {
    const latencyMs = parseOptions(rttSchema(), rttMs, "RegionLink.degraded()") / 2;
    return { latencyMs, jitterMs: latencyMs / 10, lossPct: 1 };
  },
};
