import type { LabConfig } from "./types.ts";
import type { ConfigFaults, ConfigPath } from "./faults.ts";
import { checkNodeName } from "../options/names.ts";

/** The kind of node that a name in a `LabConfig` belongs to. */
export type NamedKind = "router" | "bridge" | "device" | "virtual machine";

/** The names of all nodes; of counted devices, each name and the common one. */
export type ConfigNames = ReadonlyMap<string, NamedKind>;

/** The names of counted devices: with a count of 2, `peer` means `peer-0` and `peer-1`. */
export function deviceNames(name: string, count = 1): string[] {
  return count === 1 ? [name] : Array.from({ length: count }, (_, i) => `${name}-${i}`);
}

/** The names of devices with a count above 1, by their common name. */
export function expandedDevices(config: LabConfig): Map<string, string[]> {
  const counted = Object.entries(config.devices ?? {}).filter(([, { count = 1 }]) => count > 1);
  return new Map(counted.map(([name, { count }]) => [name, deviceNames(name, count)]));
}

/** Collects the names of all nodes; records names that break the rule for names, and duplicates. */
export function collectNames(config: LabConfig, faults: ConfigFaults): ConfigNames {
  const taken = new Map<string, NamedKind>();
  const take = (path: ConfigPath, kind: NamedKind, name: string, each = [name]) => {
    const known = faults.list.length;
    faults.attempt(path, (what) => checkNodeName(what, name, () => false));
    // The last one is the longest.
    const last = each.at(-1)!;
    if (faults.list.length === known && last !== name) {
      faults.attempt(path, (what) => checkNodeName(what, last, () => false));
    }
    const all = new Set([name, ...each]);
    const twice = [...all].find((one) => taken.has(one));
    if (twice !== undefined) {
      faults.add(
        path,
        `: the name "${twice}" is already that of a ${taken.get(twice)}; ` +
          "names are unique in a lab",
      );
    }
    for (const one of all) if (!taken.has(one)) taken.set(one, kind);
  };
  config.routers?.forEach(({ name }, i) => take(["routers", i, "name"], "router", name));
  for (const name of Object.keys(config.bridges ?? {})) take(["bridges", name], "bridge", name);
  for (const [name, { count }] of Object.entries(config.devices ?? {})) {
    take(["devices", name], "device", name, deviceNames(name, count));
  }
  for (const name of Object.keys(config.vms ?? {})) take(["vms", name], "virtual machine", name);
  return taken;
}

/** The names of nodes of the given kinds. */
export function namesOf(names: ConfigNames, ...kinds: NamedKind[]): string[] {
  return [...names].flatMap(([name, kind]) => kinds.includes(kind) ? [name] : []);
}
