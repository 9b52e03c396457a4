import type { Pool } from "../options/router_presets.ts";
import type { Ipv6Options } from "../options/ipv6_options.ts";
import { isOffer, requestOf } from "../options/delegation_options.ts";
import { TopologyError } from "../options/errors.ts";
import { explained } from "../options/named_errors.ts";
import { REGION_PREFIX } from "../options/names.ts";
import { hasV4, hasV6 } from "../options/families.ts";
import { CLAT_HOST, hostKey, LabAddresses, type Network } from "../model/addresses.ts";
import { linkKey } from "../model/region_link.ts";
import { withoutUndo } from "../model/undo.ts";
import type { ConfigFaults, ConfigPath } from "./faults.ts";
import type { PlannedDevice } from "./members.ts";
import type { PlannedRegions } from "./regions.ts";
import type { PlannedRouter } from "./routers.ts";
import type { BridgeConfig, VmConfig } from "./types.ts";

/** Everything in a `LabConfig`, in an order in which it can be built. */
export interface PlannedTopology extends PlannedRegions {
  routers: PlannedRouter[];
  bridges: [name: string, BridgeConfig][];
  devices: PlannedDevice[];
  vms: [name: string, VmConfig][];
}

/** A LAN, a region or the IX: its networks, and whether a router advertises its IPv6 network. */
interface Lan {
  v4?: Network;
  v6?: Network;
  isOfRouter: boolean;
}

/** The addresses that an interface must have, where the configuration names them. */
interface Requested {
  ip?: string;
  ip6?: string;
}

/**
 * Takes the addresses of everything in a topology, and keeps them for building. Records a fault for
 * each address that is not available.
 */
export function planAddresses(
  topology: PlannedTopology,
  ipv6: Ipv6Options,
  faults: ConfigFaults,
): LabAddresses {
  const planner = new AddressPlanner(ipv6, faults);
  const release = planner.addresses.keepLans4(
    topology.routers.flatMap(({ config: { downstreamCidr } }) => downstreamCidr ?? []),
  );
  for (const [name, path] of topology.regions) planner.region(name, path);
  for (const { a, b, path } of topology.links) planner.link(linkKey(a, b), path);
  for (const router of topology.routers) planner.router(router);
  for (const [name] of topology.bridges) planner.bridge(name);
  for (const device of topology.devices) planner.device(device);
  for (const [name, { bridges = [] }] of topology.vms) planner.vm(name, bridges);
  release();
  return planner.addresses;
}

class AddressPlanner {
  readonly addresses = new LabAddresses();
  readonly #ipv6: Ipv6Options;
  readonly #faults: ConfigFaults;
  readonly #ix: Lan = { v4: this.addresses.ix4, v6: this.addresses.ix6, isOfRouter: false };
  readonly #regions = new Map<string, Lan>();
  /** The LANs of routers and bridges. */
  readonly #lans = new Map<string, Lan>();
  /** The nodes by their addresses. */
  readonly #holders = new Map<string, string>();
  /** Places in the configuration that have a fault. */
  readonly #faulty = new Set<string>();

  constructor(ipv6: Ipv6Options, faults: ConfigFaults) {
    this.#ipv6 = ipv6;
    this.#faults = faults;
  }

  region(name: string, path: ConfigPath): void {
    this.#attempt(path, (what) => {
      const networks = this.addresses.takeRegion(what, name, withoutUndo);
      this.addresses.planned.regions.set(name, networks);
      this.#regions.set(name, { ...networks, isOfRouter: false });
      this.#takeHosts(what, REGION_PREFIX + name, "ix", this.#ix);
    });
  }

  link(key: string, path: ConfigPath): void {
    this.#attempt(path, (what) => {
      const network = this.addresses.takeRegionLink(what, key, withoutUndo);
      this.addresses.planned.regionLinks.set(key, network);
    });
  }

  router({ config, profile, path }: PlannedRouter): void {
    const { name, upstream, region, downstreamCidr, prefixDelegation } = config;
    const { ipSupport, natV6, pool } = profile;
    // The network of a router that requests a prefix is known once the prefix is delegated.
    const isRequesting = requestOf(prefixDelegation) !== undefined;
    const lan: Lan = { isOfRouter: true };
    this.#lans.set(name, lan);
    this.#attempt(downstreamCidr === undefined ? path : [...path, "downstreamCidr"], (what) => {
      if (hasV4(ipSupport)) lan.v4 = this.#takeLan4(what, pool, name, downstreamCidr);
      if (hasV6(ipSupport) && !isRequesting) lan.v6 = this.#takeLan6(what, pool, name);
    });
    if (isOffer(prefixDelegation)) {
      const { pool } = prefixDelegation;
      this.#attempt([...path, "prefixDelegation", "pool"], (what) => {
        this.#takeOffer(what, name, pool === "auto" ? undefined : pool);
      });
    }
    const above = this.#lans.get(upstream ?? "") ?? this.#regions.get(region ?? "") ?? this.#ix;
    this.#attempt(path, (what) => {
      this.#takeHosts(what, name, upstream === undefined ? "ix" : "wan", {
        ...above,
        // A NAT64 translates to IPv4, even where everything downstream is v6-only.
        v4: hasV4(ipSupport) || natV6 === "nat64" ? above.v4 : undefined,
        v6: hasV6(ipSupport) ? above.v6 : undefined,
      });
      if (!isRequesting || upstream !== undefined) return;
      // The IX and regions delegate from the first request on.
      const delegating = region === undefined ? "ix" : REGION_PREFIX + region;
      if (!this.addresses.planned.offers.has(delegating)) {
        this.#takeOffer(what, delegating, undefined);
      }
    });
  }

  bridge(name: string): void {
    const lan: Lan = { isOfRouter: false };
    this.#lans.set(name, lan);
    this.#attempt(["bridges", name], (what) => {
      lan.v4 = this.#takeLan4(what, "private", name, undefined);
      lan.v6 = this.#takeLan6(what, "private", name);
    });
  }

  device({ name, options, path }: PlannedDevice): void {
    const { interfaces = {}, ipv6 = {}, clat, defaultVia = Object.keys(interfaces)[0] } = options;
    const { provisioning = this.#ipv6.provisioning } = ipv6;
    for (const [iface, { gateway, ip, ip6 }] of Object.entries(interfaces)) {
      const { v4, ...lan } = this.#lans.get(String(gateway))!;
      // The device makes its address from what the router advertises.
      const v6 = provisioning === "ra" && lan.isOfRouter ? undefined : lan.v6;
      const at = (key: string, requested: unknown) => [
        ...path,
        "interfaces",
        iface,
        requested === undefined ? "gateway" : key,
      ];
      this.#attempt(at("ip", ip), (what) => this.#takeHosts(what, name, iface, { v4 }, { ip }));
      this.#attempt(at("ip6", ip6), (what) => this.#takeHosts(what, name, iface, { v6 }, { ip6 }));
      if (clat && iface === defaultVia) {
        this.#attempt(
          [...path, "clat"],
          (what) => this.#takeHosts(what, name, CLAT_HOST, { v6: lan.v6 }),
        );
      }
    }
  }

  vm(name: string, bridges: string[]): void {
    bridges.forEach((bridge, i) => {
      this.#attempt(["vms", name, "bridges", i], (what) => {
        this.#takeHosts(what, name, `eth${i}`, this.#lans.get(bridge)!);
      });
    });
  }

  /** Records the fault of an act; of a counted device, only that of the first. */
  #attempt(path: ConfigPath, act: (what: string) => void): void {
    const place = path.join();
    if (this.#faulty.has(place)) return;
    const known = this.#faults.list.length;
    this.#faults.attempt(path, act);
    if (this.#faults.list.length > known) this.#faulty.add(place);
  }

  #takeLan4(what: string, pool: Pool, name: string, requested: string | undefined): Network {
    const take = () => this.addresses.takeLan4(pool, requested, name, withoutUndo, what);
    // The message about a requested network names it.
    const network = requested === undefined ? explained(what, take) : take();
    this.addresses.planned.lans4.set(name, network);
    return network;
  }

  #takeLan6(what: string, pool: Pool, name: string): Network {
    const network = explained(what, () => this.addresses.takeLan6(pool, name, withoutUndo));
    this.addresses.planned.lans6.set(name, network);
    return network;
  }

  #takeOffer(what: string, name: string, requested: string | undefined): void {
    const network = this.addresses.takeOffer(what, name, requested, withoutUndo);
    this.addresses.planned.offers.set(name, network);
  }

  /** Takes addresses of an interface: the requested ones, or the next ones. */
  #takeHosts(
    what: string,
    node: string,
    iface: string,
    { v4, v6 }: Pick<Lan, "v4" | "v6">,
    { ip, ip6 }: Requested = {},
  ): void {
    explained(what, () => {
      if (ip !== undefined && !v4) throw new TopologyError(`${ip} is IPv4, which is not there`);
      if (ip6 !== undefined && !v6) throw new TopologyError(`${ip6} is IPv6, which is not there`);
      if (v4) this.#takeHost(v4, node, iface, ip);
      if (v6) this.#takeHost(v6, node, iface, ip6);
    });
  }

  #takeHost(network: Network, node: string, iface: string, requested: string | undefined): void {
    const holder = this.#holders.get(requested ?? "");
    if (holder) throw new TopologyError(`${requested} is the address of "${holder}"; take another`);
    const ip = this.addresses.takeHost(network, node, iface, requested, withoutUndo);
    this.#holders.set(ip, node);
    this.addresses.planned.hosts.set(hostKey(network, node, iface), ip);
  }
}
