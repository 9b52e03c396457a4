import type { LabCore } from "../model/lab.ts";
import type { RegionLinkRecord } from "../model/region_link.ts";
import { breakLink, restoreLink } from "./region_links.ts";

/** Whether links between regions are up: as was asked of them, unless a fault keeps them down. */

/** Breaks a link or restores it, as far as no fault keeps it down. */
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

/** Has a fault keep a link down. */
export function holdLinkDown(core: LabCore, link: RegionLinkRecord, fault: object): void {
  link.heldDown.add(fault);
  try {
    settle(core, link);
  } catch (error) {
    link.heldDown.delete(fault);
    throw error;
  }
}

/** Has a fault keep it down no more. */
export function letLinkUp(core: LabCore, link: RegionLinkRecord, fault: object): void {
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
