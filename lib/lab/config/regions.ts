import { type RegionLink, resolveCondition, sameLimits } from "../../link/mod.ts";
import type { LabConfig } from "./types.ts";
import type { ConfigFaults, ConfigPath } from "./faults.ts";
import { checkNodeName } from "../options/names.ts";
import { linkKey } from "../model/region_link.ts";

/** A link between two regions of a `LabConfig`. */
export interface PlannedLink {
  a: string;
  b: string;
  link: RegionLink;
  /** Where the configuration has it first. */
  path: ConfigPath;
}

/** The regions and links of a `LabConfig`. */
export interface PlannedRegions {
  /** Where the configuration names each region first. */
  regions: Map<string, ConfigPath>;
  links: PlannedLink[];
}

/**
 * Collects the regions and their links, also those that only a router or another region names; records
 * the faults that they have.
 */
export function planRegions(config: LabConfig, faults: ConfigFaults): PlannedRegions {
  const regions = new Map<string, ConfigPath>();
  const links = new Map<string, PlannedLink>();
  const take = (path: ConfigPath, name: string) => {
    if (regions.has(name)) return;
    regions.set(name, path);
    faults.attempt(path, (what) => checkNodeName(what, name, () => false, "region"));
  };
  for (const name of Object.keys(config.regions ?? {})) take(["regions", name], name);
  for (const [a, { latencies = {} }] of Object.entries(config.regions ?? {})) {
    for (const [b, given] of Object.entries(latencies)) {
      const path = ["regions", a, "latencies", b];
      if (a === b) {
        faults.add(path, ": a region has no link to itself; name another one");
        continue;
      }
      take(path, b);
      const link = typeof given === "number" ? { latencyMs: given } : given;
      const other = links.get(linkKey(a, b));
      if (!other) links.set(linkKey(a, b), { a, b, link, path });
      else if (!same(link, other.link)) {
        faults.add(
          path,
          ` is ${text(link)}, but ${faults.what(other.path)} is ${text(other.link)}: it is one ` +
            "link; make both equal, or leave one out",
        );
      }
    }
  }
  config.routers?.forEach(({ region }, i) => {
    if (region !== undefined) take(["routers", i, "region"], region);
  });
  return { regions, links: [...links.values()] };
}

function same(a: RegionLink, b: RegionLink): boolean {
  return sameLimits(resolveCondition(a), resolveCondition(b));
}

/** Describes a link in a message. */
function text({ latencyMs = 0, jitterMs, lossPct, rateKbit }: RegionLink): string {
  return [
    `${latencyMs} ms`,
    ...jitterMs ? [`a jitter of ${jitterMs} ms`] : [],
    ...lossPct ? [`a loss of ${lossPct} %`] : [],
    ...rateKbit ? [`${rateKbit} kbit/s`] : [],
  ].join(", ");
}
