import { NodeRemovedError } from "../../node/process/errors.ts";
import type { LabCore } from "../model/lab.ts";
import { NotFoundError, TopologyError } from "../options/errors.ts";
import { handles } from "../model/handles.ts";
import type { RegionRecord } from "../model/records.ts";
import type { RegionReference } from "../options/options.ts";
import { findLink, type RegionLinkRecord } from "../model/region_link.ts";

/** The region that a caller means; `what` begins the message when there is none. */
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
      `${what}: ${JSON.stringify(nameOf(reference))} is no region: ` +
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

/** What a caller's reference is called in messages: it may be anything. */
export function nameOf(reference: unknown): string {
  if (typeof reference === "string") return reference;
  return String((reference as RegionReference | undefined)?.name);
}

/** Two regions that a caller means. */
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

/** The link between two regions that a caller means. */
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
    `${what}: these regions have no link; linked are: ${linked.join(", ") || "none yet"}; ` +
      "link them by linkRegions()",
  );
}
