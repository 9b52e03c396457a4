import type { Cidr } from "../../address/mod.ts";
import type { RegionLink } from "../../link/mod.ts";
import type { ConditionState } from "./condition_state.ts";
import type { RegionRecord } from "./records.ts";

/** One end of a link between two regions. */
export interface RegionEnd {
  region: RegionRecord;
  name: string;
  index: number;
  mac: string;
  ip: string;
  linkLocal6: string;
  /** The condition of what leaves by it. */
  condition: ConditionState;
}

/** A link between two regions, whose names are in alphabetical order. */
export interface RegionLinkRecord {
  readonly ends: readonly [RegionEnd, RegionEnd];
  limits: RegionLink;
  /** Whether it is effectively up: it was not broken, and no fault keeps it down. */
  up: boolean;
  requestedUp: boolean;
  heldDown: Set<object>;
  /** The /31 with the addresses of both ends. */
  readonly network: Cidr;
}

/** All links of a lab, by {@link linkKey}. */
export type RegionLinks = Map<string, RegionLinkRecord>;

/** The key of the link between two regions, the same in either order. */
export const linkKey = (a: string, b: string): string => a < b ? `${a} ${b}` : `${b} ${a}`;

/** The link between two regions, if there is one. */
export function findLink(links: RegionLinks, a: string, b: string): RegionLinkRecord | undefined {
  return links.get(linkKey(a, b));
}

/** The ends of a link: first the one in this region, then the other. */
export function here({ ends: [a, b] }: RegionLinkRecord, region: RegionRecord) {
  return a.region === region ? [a, b] as const : [b, a] as const;
}
