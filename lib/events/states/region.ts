import defer * as z from "zod";
import { lazy } from "../../std/lazy.ts";
import defer * as part from "../schema_parts.ts";

/** A region, as plain JSON data. */
export interface RegionState {
  /** Unique among the regions of the lab. */
  name: string;
  /** The name of its node in other events, such as `region-eu`. */
  node: string;
  /** The IPv4 block that its routers get their addresses from. */
  cidr: string;
  /** Its own IPv4 address. */
  ip: string;
  /** The IPv6 block that its routers get their addresses from. */
  cidr6: string;
  /** Its own IPv6 address. */
  ip6: string;
}

/** The condition of a link between two regions, for each direction; a missing value is 0. */
export interface RegionLinkLimits {
  /** One-way delay, in milliseconds. */
  latencyMs?: number;
  /** The largest deviation from that delay, in milliseconds. */
  jitterMs?: number;
  /** Lost packets, in percent. */
  lossPct?: number;
  /** The bit rate, in kbit/s; 0 for unlimited. */
  rateKbit?: number;
}

/** A link between two regions, as plain JSON data. */
export interface RegionLinkState {
  /** The region whose name comes first in the alphabet. */
  a: string;
  /** The other region. */
  b: string;
  /** Its condition. */
  link: RegionLinkLimits;
  /** False after a `region-link-broken`. */
  up: boolean;
}

/** The schema of {@linkcode RegionState}. */
export const regionSchema = lazy(() =>
  part.object<RegionState>({
    name: part.text,
    node: part.text,
    cidr: part.text,
    ip: part.text,
    cidr6: part.text,
    ip6: part.text,
  })
);

/** The schema of {@linkcode RegionLinkLimits}. */
export const regionLinkLimitsSchema = lazy(() =>
  part.object<RegionLinkLimits>({
    latencyMs: part.amount.optional(),
    jitterMs: part.amount.optional(),
    lossPct: z.number().min(0).max(100).optional(),
    rateKbit: part.amount.optional(),
  })
);

/** The schema of {@linkcode RegionLinkState}. */
export const regionLinkSchema = lazy(() =>
  part.object<RegionLinkState>({
    a: part.text,
    b: part.text,
    link: regionLinkLimitsSchema(),
    up: part.flag,
  })
);
