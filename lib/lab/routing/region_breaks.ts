import * as hold from "../model/hold_down.ts";
import type { LabCore } from "../model/lab.ts";
import type { RegionLinkRecord } from "../model/region_link.ts";
import { breakLink, restoreLink } from "./region_links.ts";

/** Links between regions up and down: as requested, unless a fault holds them down. */

/** Breaks or restores a link; it stays down while a fault holds it down. */
export function setLinkUp(core: LabCore, link: RegionLinkRecord, up: boolean): void {
  hold.requestUp(link, up, (up) => apply(core, link, up));
}

/** Holds a link down for a fault. */
export function holdLinkDown(core: LabCore, link: RegionLinkRecord, fault: object): void {
  hold.holdDown(link, fault, (up) => apply(core, link, up));
}

/** Ends the hold of a fault. */
export function releaseLink(core: LabCore, link: RegionLinkRecord, fault: object): void {
  hold.releaseHold(link, fault, (up) => apply(core, link, up));
}

function apply(core: LabCore, link: RegionLinkRecord, up: boolean): void {
  if (up) restoreLink(core, link);
  else breakLink(core, link);
  const [a, b] = link.ends.map(({ region }) => region.region);
  core.bus.emit({ kind: up ? "region-link-restored" : "region-link-broken", a, b });
}
