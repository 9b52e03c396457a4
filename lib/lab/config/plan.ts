/**
 * A whole topology as plain data or as a TOML file, and its plan: everything that it has, checked, in
 * an order in which it can be built, with all addresses. Needs no kernel; imports `options` and `model`
 * of the lab, and `toml`. Begin here: `planConfig()` calls what the other files check and plan, and
 * records each fault with its path in the configuration.
 *
 * @module
 */
import { parseOptions, pathText } from "../../options/parse_options.ts";
import type { LabAddresses } from "../model/addresses.ts";
import { TopologyError } from "../options/errors.ts";
import type { Ipv6Options } from "../options/ipv6_options.ts";
import { planAddresses, type PlannedTopology } from "./addresses.ts";
import { type ConfigFault, ConfigFaults, type ConfigPath } from "./faults.ts";
import { type ConfigHost, planMembers } from "./members.ts";
import { collectNames } from "./names.ts";
import { planRegions } from "./regions.ts";
import { planRouters } from "./routers.ts";
import { labConfigSchema } from "./schema.ts";
import type { LabConfig } from "./types.ts";

/** A topology with all its addresses, from which one lab can be built. */
export interface LabPlan extends PlannedTopology {
  ipv6: Ipv6Options;
  addresses: LabAddresses;
}

/**
 * Plans a `LabConfig`, or returns why it cannot be built: a name that is not that of a node, a router
 * behind itself, an address that is not available, ...
 *
 * @param config A configuration that fits its schema.
 * @param nameOf What messages call a part of it. Default: as the API does.
 */
export function planConfig(
  config: LabConfig,
  host: ConfigHost,
  nameOf: (path: ConfigPath) => string = pathText,
): { plan: LabPlan } | { faults: ConfigFault[] } {
  const faults = new ConfigFaults((path) => JSON.stringify(nameOf(path)));
  const names = collectNames(config, faults);
  const { regions, links } = planRegions(config, faults);
  const routers = planRouters(config, names, faults);
  const devices = planMembers(config, names, routers, faults, host);
  const bridges = Object.entries(config.bridges ?? {});
  const vms = Object.entries(config.vms ?? {});
  const topology = { regions, links, routers, bridges, devices, vms };
  const { ipv6 = {} } = config;
  // A name that is unknown or given twice leads to no network, or to two.
  if (faults.list.length > 0) return { faults: faults.list };
  const addresses = planAddresses(topology, ipv6, faults);
  return faults.list.length > 0
    ? { faults: faults.list }
    : { plan: { ...topology, ipv6, addresses } };
}

/**
 * Plans what a caller gave.
 *
 * @param what The call, as messages begin: `Lab.fromConfig()`.
 * @param ipv6 Options of the lab, which take precedence over those of the configuration.
 * @throws {InvalidOptionError} If it is not a `LabConfig`, one line for each fault.
 * @throws {TopologyError} If it cannot be built, one line for each fault.
 */
export function checkedPlan(
  what: string,
  given: LabConfig,
  host: ConfigHost,
  ipv6: Ipv6Options = {},
): LabPlan {
  const config = parseOptions(labConfigSchema, given, what);
  const result = planConfig({ ...config, ipv6: { ...config.ipv6, ...ipv6 } }, host);
  if ("plan" in result) return result.plan;
  throw new TopologyError(result.faults.map(({ message }) => `${what}: ${message}`).join("\n"));
}
