import type { LabConfig } from "../../lab/config/types.ts";
import { expandedDevices } from "../../lab/config/toml.ts";
import { nodeVariable } from "../values/references.ts";

/** The names of everything in a topology. */
export interface Nodes {
  /** The devices, including each of a count, with the names of their interfaces. */
  devices: ReadonlyMap<string, readonly string[]>;
  /** The names of the devices of a count, even a count of 1, by their common name. */
  counted: ReadonlyMap<string, readonly string[]>;
  routers: ReadonlySet<string>;
  bridges: ReadonlySet<string>;
  vms: ReadonlySet<string>;
  regions: ReadonlySet<string>;
  /** The names of variables with addresses: of nodes, and of the interfaces of devices with several. */
  variables: ReadonlySet<string>;
}

/** Collects the names of a topology. */
export function nodesOf(config: LabConfig): Nodes {
  const expanded = expandedDevices(config);
  const devices = new Map<string, string[]>();
  const counted = new Map<string, string[]>();
  for (const [base, { count, interfaces = {} }] of Object.entries(config.devices ?? {})) {
    const names = expanded.get(base) ?? [base];
    if (count !== undefined) counted.set(base, names);
    for (const name of names) devices.set(name, Object.keys(interfaces));
  }
  const routers = new Set((config.routers ?? []).map(({ name }) => name));
  const vms = new Set(Object.keys(config.vms ?? {}));
  const regions = Object.entries(config.regions ?? {})
    .flatMap(([name, { latencies = {} }]) => [name, ...Object.keys(latencies)]);
  const variables = [...devices.keys(), ...routers, ...vms].map(nodeVariable);
  for (const [name, interfaces] of devices) {
    if (interfaces.length < 2) continue;
    variables.push(...interfaces.map((each) => nodeVariable(`${name}_${each}`)));
  }
  return {
    devices,
    counted,
    routers,
    bridges: new Set(Object.keys(config.bridges ?? {})),
    vms,
    regions: new Set(regions),
    variables: new Set(variables),
  };
}

/** Returns the devices of a name with a count above 1. */
export function several(nodes: Nodes, name: unknown): readonly string[] | undefined {
  const names = typeof name === "string" ? nodes.counted.get(name) : undefined;
  return names && (names.length > 1 || names[0] !== name) ? names : undefined;
}
