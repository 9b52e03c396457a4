import { parseOptions, pathText } from "../../options/parse_options.ts";
import type { LabConfig } from "./types.ts";
import { type Addressed, checkAddresses } from "./addresses.ts";
import { type ConfigFault, ConfigFaults, type ConfigPath } from "./faults.ts";
import { type ConfigHost, configMembers } from "./members.ts";
import { configNames } from "./names.ts";
import { configRegions } from "./regions.ts";
import { configRouters } from "./routers.ts";
import { labConfigSchema } from "./schema.ts";
import { TopologyError } from "../options/errors.ts";

/** All that a `LabConfig` asks for, in an order in which it can be built. */
export type LabPlan = Addressed;

/**
 * What a `LabConfig` asks for, if it can be built: each name is that of something, nothing is behind
 * itself, and there are addresses for all.
 *
 * @param config One that fits its schema.
 * @param nameOf How messages call a part of it. Default: as the API does.
 */
export function planConfig(
  config: LabConfig,
  host: ConfigHost,
  nameOf: (path: ConfigPath) => string = pathText,
): { plan: LabPlan } | { faults: ConfigFault[] } {
  const faults = new ConfigFaults((path) => JSON.stringify(nameOf(path)));
  const names = configNames(config, faults);
  const { regions, links } = configRegions(config, faults);
  const routers = configRouters(config, names, new Set(regions.keys()), faults);
  const devices = configMembers(config, names, routers, faults, host);
  const bridges = Object.entries(config.bridges ?? {});
  const vms = Object.entries(config.vms ?? {});
  const plan: LabPlan = { regions, links, routers, bridges, devices, vms };
  // What is not there, or is there twice, would have no address or two.
  if (faults.list.length === 0) checkAddresses(plan, faults);
  return faults.list.length > 0 ? { faults: faults.list } : { plan };
}

/**
 * The plan of what a caller gave.
 *
 * @param what What was asked, as the caller wrote it.
 * @throws {InvalidOptionError} If it is no `LabConfig`, one line for each fault.
 * @throws {TopologyError} If it is one that cannot be built, one line for each fault.
 */
export function checkedPlan(what: string, given: LabConfig, host: ConfigHost): LabPlan {
  const result = planConfig(parseOptions(labConfigSchema, given, what), host);
  if ("plan" in result) return result.plan;
  throw new TopologyError(result.faults.map(({ message }) => `${what}: ${message}`).join("\n"));
}
