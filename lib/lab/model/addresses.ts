import { Cidr, HostPool, parseCidr, PoolExhaustedError, SubnetPool } from "../../address/mod.ts";
import { NetyardError } from "../../../native/error.ts";
import { TopologyError } from "../options/errors.ts";
import { explained } from "../options/named_errors.ts";
import type { Pool } from "../options/router_presets.ts";
import type { Defer } from "./undo.ts";

/** The addresses of a segment: its network, its gateway, and the free ones for hosts. */
export interface Network {
  cidr: Cidr;
  gateway: string;
  hosts: HostPool;
}

function network(cidr: Cidr): Network {
  const gateway = cidr.host(1);
  return { cidr, gateway, hosts: new HostPool(cidr, { reserved: [gateway] }) };
}

/** A pool whose first subnet stays unused, so that the n-th network carries the number n. */
function fromOne(cidr: string, prefix: number): SubnetPool {
  const pool = new SubnetPool(cidr, prefix);
  pool.reserve(new Cidr(pool.cidr.family, pool.cidr.first, prefix));
  return pool;
}

/** Not unicast (RFC 6890, RFC 5771): this network, loopback, multicast and reserved addresses. */
const SPECIAL = ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"];

/** Neither global unicast nor unique local (RFC 4291, RFC 6052): no LAN can have them. */
const SPECIAL6 = ["::/8", "fe80::/10", "ff00::/8", "64:ff9b::/96", "64:ff9b:1::/48"];

/** The IX, the regions, and the LANs that the lab gives networks to. */
const OWN6 = ["2001:db8::/47", "2001:db8:2::/48", "fd10::/32"];

/**
 * The IPv4 addresses of IPv6 hosts inside a router with NAT64, between its translator and its IPv4
 * NAT; they appear on no link. They are link-local, which no router forwards (RFC 3927, 7), so that
 * no LAN has them, and exclude 169.254.169.254, where clouds have their metadata.
 */
export const NAT64_POOL = "169.254.0.0/17";

/** The networks of links between regions. */
const REGION_LINKS = "203.0.113.0/24";

/** The networks of a region. */
export interface RegionNetworks {
  v4: Network;
  v6: Network;
}

/**
 * What a plan took for the nodes of a topology before they are built, by the names of the nodes.
 * Building takes it from here, in any order; other nodes get what is free next.
 */
export class PlannedAddresses {
  readonly regions: Map<string, RegionNetworks> = new Map();
  /** By {@link linkKey}. */
  readonly regionLinks: Map<string, Cidr> = new Map();
  readonly lans4: Map<string, Network> = new Map();
  readonly lans6: Map<string, Network> = new Map();
  readonly offers: Map<string, Cidr> = new Map();
  /** Addresses of interfaces, by network and interface. */
  readonly hosts: Map<string, string> = new Map();
}

/** The key of an address in {@link PlannedAddresses.hosts}. */
export const hostKey = (network: Network, node: string, iface: string): string =>
  `${network.cidr} ${node} ${iface}`;

/** Stands for an interface in the key of the address that a CLAT translates to. */
export const CLAT_HOST = "(CLAT)";

/** Takes what was planned under a key, if anything was; undone, it is planned again. */
function claim<T>(planned: Map<string, T>, key: string, defer: Defer): T | undefined {
  const found = planned.get(key);
  if (found === undefined) return undefined;
  planned.delete(key);
  defer(() => void planned.set(key, found));
  return found;
}

/**
 * The addresses of a lab. 198.18.0.0/15 is reserved for tests (RFC 2544), 2001:db8::/32 for
 * documentation (RFC 3849): they hide nothing that a lab could need to reach from the host.
 */
export class LabAddresses {
  /** The IX: its routers, each with a /32 and a /128. */
  readonly ix4: Network = network(parseCidr("198.18.0.0/20"));
  readonly ix6: Network = network(parseCidr("2001:db8::/64"));
  /** What is taken already for nodes that will be built. */
  readonly planned: PlannedAddresses = new PlannedAddresses();
  // 198.18.16.0/20 to 198.18.240.0/20; the first /20 is that of the IX.
  #regions: SubnetPool = fromOne("198.18.0.0/16", 20);
  #regionLinks: SubnetPool = new SubnetPool(REGION_LINKS, 31);
  #lans4: Record<Pool, SubnetPool> = {
    public: fromOne("198.19.0.0/16", 24),
    private: fromOne("10.0.0.0/8", 24),
  };
  #lans6: Record<Pool, SubnetPool> = {
    public: fromOne("2001:db8:1::/48", 64),
    // fd10:0:N::/64: one ULA prefix of 48 bits for each router (RFC 4193).
    private: fromOne("fd10::/32", 48),
  };
  #externals6: SubnetPool = fromOne("2001:db8:2::/48", 64);
  // What ISPs delegate: 2001:db8:8000::/40 and on, 65,536 /56s each.
  #delegations: SubnetPool = new SubnetPool("2001:db8:8000::/33", 40);
  #used4 = new Map<string, string>();
  /** The networks from which nodes delegate prefixes, by the name of the node. */
  #offers = new Map<string, Cidr>();

  /**
   * The IPv4 network of a router's or bridge's LAN: the planned one, the requested one, or the next
   * of the pool.
   *
   * @param what What the messages of errors begin with.
   */
  takeLan4(
    pool: Pool,
    requested: string | undefined,
    router: string,
    defer: Defer,
    what: string = `router "${router}": downstreamCidr`,
  ): Network {
    const planned = claim(this.planned.lans4, router, defer);
    if (planned) return planned;
    const cidr = requested === undefined
      ? this.#lans4[pool].take()
      : explained(what, () => parseCidr(requested));
    if (requested === undefined) {
      defer(() => this.#lans4[pool].untake(cidr));
    } else {
      this.#checkRequested(cidr, `${what} ${cidr}`);
      for (const subnets of Object.values(this.#lans4)) {
        subnets.reserve(cidr);
        defer(() => subnets.untake(cidr));
      }
    }
    this.#used4.set(cidr.toString(), router);
    defer(() => void this.#used4.delete(cidr.toString()));
    return network(cidr);
  }

  /**
   * Keeps the pools from handing out these networks, which routers will request, until the function
   * that it returns is called. Skips texts that are not networks: their own request is refused.
   */
  keepLans4(requested: readonly string[]): () => void {
    const kept: { subnets: SubnetPool; cidr: Cidr }[] = [];
    for (const text of requested) {
      try {
        const cidr = parseCidr(text);
        for (const subnets of Object.values(this.#lans4)) {
          subnets.reserve(cidr);
          kept.push({ subnets, cidr });
        }
      } catch (error) {
        if (!(error instanceof NetyardError)) throw error;
      }
    }
    return () => kept.forEach(({ subnets, cidr }) => subnets.release(cidr));
  }

  /** The IPv6 network of a router's or bridge's LAN: the planned one, or the next of the pool. */
  takeLan6(pool: Pool, owner: string, defer: Defer): Network {
    const planned = claim(this.planned.lans6, owner, defer);
    if (planned) return planned;
    const cidr = this.#lans6[pool].take();
    defer(() => this.#lans6[pool].untake(cidr));
    return network(new Cidr(6, cidr.first, 64));
  }

  /** A prefix of NPTv6, which is on no link: the N-th is 2001:db8:2:N::/64. */
  takeExternal6(what: string, defer: Defer): Cidr {
    return this.#take(
      this.#externals6,
      defer,
      `${what}: a lab has room for 65535 prefixes of NPTv6`,
    );
  }

  releaseExternal6(cidr: Cidr): void {
    this.#externals6.release(cidr);
  }

  /**
   * The network from which a node delegates prefixes: the planned one, the requested one, or a /40.
   *
   * @param what What the messages of errors begin with.
   */
  takeOffer(what: string, node: string, requested: string | undefined, defer: Defer): Cidr {
    const planned = claim(this.planned.offers, node, defer);
    if (planned) return planned;
    const full = `${what}: a lab has room for 128 networks to delegate from`;
    if (requested === undefined) return this.#take(this.#delegations, defer, full);
    const cidr = explained(what, () => parseCidr(requested));
    this.#checkOffer(cidr, `${what} ${cidr}`);
    this.#offers.set(node, cidr);
    defer(() => void this.#offers.delete(node));
    explained(what, () => this.#delegations.reserve(cidr));
    defer(() => this.#delegations.untake(cidr));
    return cidr;
  }

  releaseOffer(node: string, cidr: Cidr): void {
    this.#offers.delete(node);
    this.#delegations.release(cidr);
  }

  /** The network of a LAN in a delegated prefix: its first /64. */
  delegatedLan(prefix: Cidr): Network {
    return network(new Cidr(6, prefix.first, 64));
  }

  #checkOffer(cidr: Cidr, what: string): void {
    const special = SPECIAL6.find((block) => cidr.overlaps(block));
    if (special) throw new TopologyError(`${what} overlaps ${special}, which no LAN can have`);
    const own = OWN6.find((block) => cidr.overlaps(block));
    if (own) throw new TopologyError(`${what} overlaps ${own}, which the lab uses; take another`);
    for (const [node, used] of this.#offers) {
      if (!cidr.overlaps(used)) continue;
      throw new TopologyError(`${what} overlaps ${used} of router "${node}"; take another`);
    }
  }

  releaseLan4(lan: Network): void {
    this.#used4.delete(lan.cidr.toString());
    for (const subnets of Object.values(this.#lans4)) {
      if (subnets.cidr.overlaps(lan.cidr)) subnets.release(lan.cidr);
    }
  }

  releaseLan6(lan: Network): void {
    for (const subnets of Object.values(this.#lans6)) {
      if (!subnets.cidr.overlaps(lan.cidr)) continue;
      subnets.release(new Cidr(6, lan.cidr.first, subnets.prefix));
    }
  }

  /**
   * The networks of a region, in which each router has a /32 and a /128: of the N-th of 15, the N-th
   * /20 of 198.18.0.0/16, and 2001:db8:0:N::/64.
   */
  takeRegion(what: string, name: string, defer: Defer): RegionNetworks {
    const planned = claim(this.planned.regions, name, defer);
    if (planned) return planned;
    const cidr = this.#take(this.#regions, defer, `${what}: a lab has room for 15 regions`);
    const n = cidr.first >> 12n & 15n;
    const v6 = new Cidr(6, this.ix6.cidr.first + (n << 64n), 64);
    return { v4: network(cidr), v6: network(v6) };
  }

  releaseRegion(v4: Network): void {
    this.#regions.release(v4.cidr);
  }

  /** The two addresses of a link between regions, by its {@link linkKey}. */
  takeRegionLink(what: string, link: string, defer: Defer): Cidr {
    const planned = claim(this.planned.regionLinks, link, defer);
    if (planned) return planned;
    return this.#take(this.#regionLinks, defer, `${what}: a lab has room for 128 links of regions`);
  }

  releaseRegionLink(cidr: Cidr): void {
    this.#regionLinks.release(cidr);
  }

  /**
   * An address for an interface: the planned one, the requested one, or the next that is free.
   */
  takeHost(
    network: Network,
    node: string,
    iface: string,
    requested: string | undefined,
    defer: Defer,
  ): string {
    const planned = claim(this.planned.hosts, hostKey(network, node, iface), defer);
    if (planned !== undefined) return planned;
    const ip = network.hosts.take(requested);
    defer(() => network.hosts.untake(ip));
    return ip;
  }

  #take(pool: SubnetPool, defer: Defer, full: string): Cidr {
    try {
      const cidr = pool.take();
      defer(() => pool.untake(cidr));
      return cidr;
    } catch (error) {
      if (!(error instanceof PoolExhaustedError)) throw error;
      throw new PoolExhaustedError(`${full}, and all are taken; remove one first`, {
        cause: error,
      });
    }
  }

  #checkRequested(cidr: Cidr, what: string): void {
    if (cidr.family !== 4) {
      throw new TopologyError(`${what} is not IPv4; IPv6 networks come from the pool`);
    }
    if (cidr.prefix < 8 || cidr.prefix > 30) {
      throw new TopologyError(
        `${what} must have a prefix length from 8 to 30: a gateway and a host need room`,
      );
    }
    const special = SPECIAL.find((block) => cidr.overlaps(block));
    if (special) throw new TopologyError(`${what} overlaps ${special}, which no LAN can have`);
    if (cidr.overlaps(NAT64_POOL)) {
      throw new TopologyError(`${what} overlaps ${NAT64_POOL}, which is for NAT64; take another`);
    }
    if (cidr.overlaps(this.ix4.cidr)) {
      throw new TopologyError(`${what} overlaps ${this.ix4.cidr} of the IX; take another`);
    }
    for (const { cidr: reserved } of [this.#regions, this.#regionLinks]) {
      if (!cidr.overlaps(reserved)) continue;
      throw new TopologyError(`${what} overlaps ${reserved}, which is for regions; take another`);
    }
    for (const [used, owner] of this.#used4) {
      if (cidr.overlaps(used)) {
        throw new TopologyError(`${what} overlaps ${used} of router "${owner}"; take another`);
      }
    }
  }
}
