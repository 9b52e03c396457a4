import { NodeRemovedError } from "../../node/process/errors.ts";
import type { LabCore } from "../model/lab.ts";
import { NotFoundError, TopologyError } from "../options/errors.ts";
import { handles } from "../model/handles.ts";
import type { RegionRecord } from "../model/records.ts";
import type { RegionReference } from "../options/options.ts";
import { findLink, type RegionLinkRecord } from "../model/region_link.ts";

/** Finds the region of a reference; `what` begins the error message. */
export function regionOf(
  core: LabCore,
  what: string,
  reference: RegionReference | string,
): RegionRecord {
  if (typeof reference !== "string") return ownRegion(core, what, reference);
  const record = core.regions.get(reference);
  if (record && !record.removed) return record;
  const known = [...core.regions.keys()].join(", ") || "none yet";
  throw new NotFoundError(`${what}: there is no region "${reference}"; there are: ${known}`);
}

function ownRegion(core: LabCore, what: string, reference: RegionReference): RegionRecord {
  const record = handles.get(reference);
  if (record?.kind !== "region") {
    throw new TopologyError(
      `${what}: ${JSON.stringify(nameOf(reference))} is not a region: ` +
        "pass what this lab's addRegion() returned, or its name",
    );
  }
  const { region: name, removed } = record;
  if (removed) throw new NodeRemovedError(`${what}: region "${name}" was removed`);
  if (core.regions.get(name) !== record) {
    throw new TopologyError(
      `${what}: region "${name}" is of another lab; pass what this lab's addRegion() returned`,
    );
  }
  return record;
}

/** Returns the name of a reference for messages; the caller may have passed anything. */
export function nameOf(reference: unknown): string {
  if (typeof reference === "string") return reference;
  return String((reference as RegionReference | undefined)?.name);
}

/** Finds two different regions. */
export function twoRegions(
  core: LabCore,
  what: string,
  a: RegionReference | string,
  b: RegionReference | string,
): [RegionRecord, RegionRecord] {
  const [first, second] = [regionOf(core, what, a), regionOf(core, what, b)];
  if (first === second) {
    throw new TopologyError(`${what}: a region has no link to itself; name two regions`);
  }
  return [first, second];
}

/** Finds the link between two regions. */
export function linkOf(
  core: LabCore,
  what: string,
  a: RegionReference | string,
  b: RegionReference | string,
): RegionLinkRecord {
  const [first, second] = twoRegions(core, what, a, b);
  const link = findLink(core.regionLinks, first.region, second.region);
  if (link) return link;
  const linked = [...core.regionLinks.values()].map(({ ends: [{ region }, other] }) =>
    `${region.region} and ${other.region.region}`
  );
  throw new NotFoundError(
    `${what}: these regions are not linked; linked regions: ${linked.join(", ") || "none yet"}; ` +
      "call linkRegions() first",
  );
}
