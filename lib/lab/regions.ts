import { RegionLink, regionLinkSchema } from "../link/mod.ts";
import { parseOptions } from "../options/parse_options.ts";
import { buildRegion, unplugRegion } from "./build/region.ts";
import type { LabCore } from "./model/lab.ts";
import { linkOf, nameOf, twoRegions } from "./routing/find_region.ts";
import type { RegionRecord } from "./model/records.ts";
import type { RegionReference } from "./options/options.ts";
import { findLink, type RegionLinkRecord } from "./model/region_link.ts";
import { setLinkUp } from "./routing/region_breaks.ts";
import { changeLink, emitRegionLink, makeLink, removeLinks } from "./routing/region_links.ts";
import { regionState } from "./model/event_state.ts";
import { undoing } from "./model/undo.ts";

/** The methods of `Lab` for regions: each makes the change, emits its event and completes it. */

/** A region, by handle or name. */
type Reference = RegionReference | string;

/** The default regions, with the round trips between them in milliseconds. */
const DEFAULTS = [["us", "eu", 80], ["us", "asia", 150], ["eu", "asia", 190]] as const;

/** See `Lab.addRegion`. */
export async function addRegion(core: LabCore, name: string): Promise<RegionRecord> {
  core.open(`addRegion("${name}")`);
  const record = undoing((defer) => buildRegion(core, name, defer));
  tellAdded(core, record);
  await core.settle();
  return record;
}

/** See `Lab.addDefaultRegions`. */
export async function addDefaultRegions(
  core: LabCore,
): Promise<Record<"us" | "eu" | "asia", RegionRecord>> {
  const what = "addDefaultRegions()";
  core.open(what);
  const { us, eu, asia, links } = undoing((defer) => {
    const us = buildRegion(core, "us", defer);
    const eu = buildRegion(core, "eu", defer);
    const asia = buildRegion(core, "asia", defer);
    const made = { us, eu, asia };
    const links = DEFAULTS.map(([a, b, rttMs]) =>
      makeLink(core, what, [made[a], made[b]], RegionLink.good(rttMs), defer)
    );
    return { ...made, links };
  });
  for (const record of [us, eu, asia]) tellAdded(core, record);
  for (const link of links) emitRegionLink(core, link);
  await settleOr(core, () => [us, eu, asia].forEach((record) => dropRegion(core, record)));
  return { us, eu, asia };
}

/** See `Lab.linkRegions`. */
export async function linkRegions(
  core: LabCore,
  a: Reference,
  b: Reference,
  link: RegionLink,
): Promise<void> {
  const what = callText("linkRegions", a, b);
  core.open(what);
  const regions = twoRegions(core, what, a, b);
  const limits = parseOptions(regionLinkSchema, link, what);
  const present = findLink(core.regionLinks, regions[0].region, regions[1].region);
  const before = present?.limits;
  if (present) changeLink(core, present, limits);
  const linked = present ?? undoing((defer) => makeLink(core, what, regions, limits, defer));
  emitRegionLink(core, linked);
  await settleOr(core, () => {
    if (findLink(core.regionLinks, regions[0].region, regions[1].region) !== linked) return;
    if (!before) return unlink(core, linked);
    changeLink(core, linked, before);
    emitRegionLink(core, linked);
  });
}

/** Completes a change; if that fails, `undo` takes it back. */
async function settleOr(core: LabCore, undo: () => void): Promise<void> {
  try {
    await core.settle();
  } catch (error) {
    if (!core.closed) undo();
    throw error;
  }
}

function dropRegion(core: LabCore, record: RegionRecord): void {
  unplugRegion(core, record);
  core.discard(record);
  core.regions.delete(record.region);
  core.bus.emit({ kind: "region-removed", name: record.region });
}

/** See `Lab.unlinkRegions`. */
export function unlinkRegions(core: LabCore, a: Reference, b: Reference): Promise<void> {
  return act(core, "unlinkRegions", a, b, (link) => unlink(core, link));
}

function unlink(core: LabCore, link: RegionLinkRecord): void {
  removeLinks(core, [link]);
  core.bus.emit({ kind: "region-unlinked", ...namesOf(link) });
}

/** See `Lab.breakRegionLink`. */
export function breakRegionLink(core: LabCore, a: Reference, b: Reference): Promise<void> {
  return act(core, "breakRegionLink", a, b, (link) => setLinkUp(core, link, false));
}

/** See `Lab.restoreRegionLink`. */
export function restoreRegionLink(core: LabCore, a: Reference, b: Reference): Promise<void> {
  return act(core, "restoreRegionLink", a, b, (link) => setLinkUp(core, link, true));
}

async function act(
  core: LabCore,
  method: string,
  a: Reference,
  b: Reference,
  change: (link: RegionLinkRecord) => void,
): Promise<void> {
  const what = callText(method, a, b);
  core.open(what);
  change(linkOf(core, what, a, b));
  await core.settle();
}

const callText = (method: string, a: unknown, b: unknown) =>
  `${method}("${nameOf(a)}", "${nameOf(b)}")`;

const namesOf = ({ ends: [a, b] }: RegionLinkRecord) => ({
  a: a.region.region,
  b: b.region.region,
});

function tellAdded(core: LabCore, record: RegionRecord): void {
  core.bus.emit({ kind: "region-added", name: record.region, region: regionState(record) });
}
