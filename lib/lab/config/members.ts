import { memoryBytes } from "../../vm/options/memory.ts";
import { SLOTS } from "../../vm/options/slots.ts";
import type { DeviceConfig, LabConfig } from "./types.ts";
import type { ConfigFaults, ConfigPath } from "./faults.ts";
import { type ConfigNames, deviceNames, namesOf } from "./names.ts";
import type { PlannedRouter } from "./routers.ts";
import { ETHERNET_MTU, hasV4, hasV6 } from "../options/families.ts";
import { checkInterfaceName } from "../options/names.ts";
import type { DeviceOptions } from "../options/options.ts";
import {
  checkClat,
  checkListener,
  checkMadeAddress,
  checkMtu,
  type ClatLan,
  type LanShape,
} from "../options/checks.ts";

/** A device of a `LabConfig`; a counted one stands for several. */
export interface PlannedDevice {
  name: string;
  options: DeviceOptions;
  path: ConfigPath;
}

/** What is known about the host when the virtual machines of a `LabConfig` are checked. */
export interface ConfigHost {
  /** Its memory, in bytes. Default: enough. */
  memoryBytes?: number;
  /** Throws if there is no profile of that name; the message begins with `what`. Default: there is one. */
  checkProfile?(what: string, name: string): unknown;
}

/** The LANs that devices, bridges and virtual machines may be attached to, by name. */
class Lans {
  #names: ConfigNames;
  #routers: Map<string, PlannedRouter>;
  #faults: ConfigFaults;

  constructor(names: ConfigNames, routers: PlannedRouter[], faults: ConfigFaults) {
    this.#names = names;
    this.#routers = new Map(routers.map((router) => [router.config.name, router]));
    this.#faults = faults;
  }

  /** A LAN as `checkClat` needs it; undefined if there is none of that name. */
  clat(name: string): ClatLan | undefined {
    if (this.#names.get(name) === "bridge") return { name, v4: true, nat64: false };
    const router = this.#routers.get(name);
    if (!router) return undefined;
    const above = new Set<PlannedRouter>();
    for (let one: PlannedRouter | undefined = router; one && !above.has(one);) {
      above.add(one);
      one = this.#routers.get(one.config.upstream ?? "");
    }
    const nat64 = [...above].some(({ profile }) => profile.natV6 === "nat64");
    return { name, v4: hasV4(router.profile.ipSupport), nat64 };
  }

  /** Finds a LAN by name; records a fault if there is none. */
  find(path: ConfigPath, name: string): LanShape | undefined {
    const kind = this.#names.get(name);
    if (kind === "bridge") return { owner: { kind }, name, mtu: ETHERNET_MTU, v6: true };
    const router = this.#routers.get(name);
    if (kind === "router" && router) {
      const { mtu = ETHERNET_MTU } = router.config;
      return { owner: { kind }, name, mtu, v6: hasV6(router.profile.ipSupport) };
    }
    const known = namesOf(this.#names, "router", "bridge");
    this.#faults.unknown(path, name, "router or bridge", known, kind);
  }
}

/**
 * Returns the devices one by one: those with requested addresses first, so that no other device gets such
 * an address. Records the faults of everything that is attached to LANs.
 */
export function planMembers(
  config: LabConfig,
  names: ConfigNames,
  routers: PlannedRouter[],
  faults: ConfigFaults,
  host: ConfigHost,
): PlannedDevice[] {
  const lans = new Lans(names, routers, faults);
  for (const [name, { routes = [] }] of Object.entries(config.bridges ?? {})) {
    routes.forEach((other, i) => {
      const path = ["bridges", name, "routes", i];
      if (other === name) faults.add(path, ": it is the bridge itself; name another one");
      else lans.find(path, other);
    });
  }
  const devices = Object.entries(config.devices ?? {});
  for (const [name, device] of devices) checkDevice(name, device, lans, faults, config);
  checkVms(config, lans, faults, host);

  const planned = devices.flatMap(([name, { count, ...options }]) =>
    deviceNames(name, count).map((each) => ({ name: each, options, path: ["devices", name] }))
  );
  const hasRequested = ({ options }: PlannedDevice) =>
    Object.values(options.interfaces ?? {}).some(({ ip, ip6 }) =>
      ip !== undefined || ip6 !== undefined
    );
  return [...planned.filter(hasRequested), ...planned.filter((device) => !hasRequested(device))];
}

function checkDevice(
  name: string,
  device: DeviceConfig,
  lans: Lans,
  faults: ConfigFaults,
  all: LabConfig,
): void {
  const { interfaces = {}, defaultVia, mtu, clat, ipv6, count = 1 } = device;
  const path = ["devices", name];
  const known = Object.keys(interfaces);
  const found: LanShape[] = [];
  if (defaultVia !== undefined && !known.includes(defaultVia)) {
    faults.unknown([...path, "defaultVia"], defaultVia, "interface", known);
  }
  if (clat) {
    const reached = known.map((iface) => lans.clat(interfaces[iface].gateway));
    if (reached.every((lan) => lan !== undefined)) {
      const byDefault = reached[known.indexOf(defaultVia ?? known[0])];
      faults.attempt([...path, "clat"], (what) => checkClat(what, reached, byDefault));
    }
  }
  for (const [iface, { gateway, ip, ip6 }] of Object.entries(interfaces)) {
    const at = [...path, "interfaces", iface];
    faults.attempt(at, (what) => checkInterfaceName(what, iface));
    const lan = lans.find([...at, "gateway"], gateway);
    if (lan) {
      found.push(lan);
      faults.attempt([...path, "mtu"], (what) => checkMtu(what, mtu, lan));
      const { provisioning = all.ipv6?.provisioning } = ipv6 ?? {};
      if (provisioning === "ra") faults.attempt(at, (what) => checkMadeAddress(what, ip6, lan));
    }
    for (const [key, requested] of Object.entries({ ip, ip6 })) {
      if (requested === undefined || count === 1) continue;
      faults.add(
        [...at, key],
        ` is "${requested}", but there are ${count} of the device, which cannot share it; leave it out`,
      );
    }
  }
  if (found.length === known.length) {
    faults.attempt(path, (what) => checkListener(what, ipv6, found));
  }
}

function checkVms(config: LabConfig, lans: Lans, faults: ConfigFaults, host: ConfigHost): void {
  for (const [name, { bridges = [], memory, profile }] of Object.entries(config.vms ?? {})) {
    const path = ["vms", name];
    bridges.forEach((bridge, i) => lans.find([...path, "bridges", i], bridge));
    if (bridges.length > SLOTS) {
      faults.add(
        [...path, "bridges"],
        ` are ${bridges.length}, but it has ${SLOTS} slots for them`,
      );
    }
    if (memory !== undefined) {
      const most = host.memoryBytes ?? Infinity;
      faults.attempt([...path, "memory"], (what) => memoryBytes(memory, most, what));
    }
    if (typeof profile === "string") {
      faults.attempt([...path, "profile"], (what) => host.checkProfile?.(what, profile));
    }
  }
}
