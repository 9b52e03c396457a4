import type { LabCore } from "../model/lab.ts";
import type { RegionLinkRecord } from "../model/region_link.ts";
import { breakLink, restoreLink } from "./region_links.ts";

/** Links between regions up and down: as requested, unless a fault holds them down. */

/** Breaks or restores a link; it stays down while a fault holds it down. */
export function setLinkUp(core: LabCore, link: RegionLinkRecord, up: boolean): void {
  const before = link.requestedUp;
  link.requestedUp = up;
  try {
    settle(core, link);
  } catch (error) {
    link.requestedUp = before;
    throw error;
  }
}

/** Holds a link down for a fault. */
export function holdLinkDown(core: LabCore, link: RegionLinkRecord, fault: object): void {
  link.heldDown.add(fault);
  try {
    settle(core, link);
  } catch (error) {
    link.heldDown.delete(fault);
    throw error;
  }
}

/** Ends the hold of a fault. */
export function releaseLink(core: LabCore, link: RegionLinkRecord, fault: object): void {
  if (link.heldDown.delete(fault)) settle(core, link);
}

function settle(core: LabCore, link: RegionLinkRecord): void {
  const up = link.requestedUp && link.heldDown.size === 0;
  if (up === link.up) return;
  if (up) restoreLink(core, link);
  else breakLink(core, link);
  const [a, b] = link.ends.map(({ region }) => region.region);
  core.bus.emit({ kind: up ? "region-link-restored" : "region-link-broken", a, b });
}
