import type { NatV6 } from "../../nat/config_v6.ts";
import { Ipv6Error, TopologyError } from "./errors.ts";
import type { DeviceIpv6Options } from "./ipv6_options.ts";
import { hasV4, hasV6, IPV6_MIN_MTU } from "./families.ts";
import type { RouterOptions } from "./options.ts";
import { type IpSupport, ROUTER_PRESETS, type RouterProfile } from "./router_presets.ts";

/** Checks of options that depend on each other: for a lab that exists, and for one that is planned. */

/** Merges the preset of a router with its other options, and fills in the defaults. */
export function routerProfile(
  options: Pick<RouterOptions, "preset" | keyof RouterProfile>,
): RouterProfile {
  const preset = options.preset ? ROUTER_PRESETS[options.preset] : undefined;
  const nat = options.nat ?? preset?.nat ?? "none";
  const ipSupport = options.ipSupport ?? preset?.ipSupport ?? "dual-stack";
  // The natV6 of a preset does not apply to a router without IPv6.
  const natV6 = options.natV6 ?? (hasV6(ipSupport) ? preset?.natV6 : undefined) ?? "none";
  return {
    nat,
    natV6,
    firewall: options.firewall ?? preset?.firewall ?? "none",
    ipSupport,
    pool: options.pool ?? preset?.pool ?? (nat === "none" ? "public" : "private"),
  };
}

/** Refuses an MTU of a router that is too small for IPv6. */
export function checkRouterMtu(what: string, mtu: number, ipSupport: IpSupport): void {
  if (!hasV6(ipSupport) || mtu >= IPV6_MIN_MTU) return;
  throw new TopologyError(
    `${what}: mtu ${mtu} is too small for IPv6, which needs ${IPV6_MIN_MTU}; ` +
      "raise it, or make the router v4-only",
  );
}

/** Refuses a router that has no address family in common with its upstream. */
export function checkFamilies(
  what: string,
  ipSupport: IpSupport,
  upstream: { name: string; ipSupport: IpSupport },
): void {
  const common = (has: typeof hasV4) => has(ipSupport) && has(upstream.ipSupport);
  if (common(hasV4) || common(hasV6)) return;
  throw new TopologyError(
    `${what}: it is ${ipSupport}, but its upstream "${upstream.name}" is ${upstream.ipSupport}: ` +
      "they have no address family in common",
  );
}

/** Refuses an IPv6 translation that is impossible for a router. */
export function checkNatV6(
  what: string,
  natV6: NatV6,
  { ipSupport, upstream }: {
    ipSupport: IpSupport;
    upstream: { name: string; ipSupport: IpSupport } | null;
  },
): void {
  if (natV6 === "none") return;
  if (!hasV6(ipSupport)) {
    throw new TopologyError(
      `${what}: natV6 "${natV6}" is about IPv6, but the router is v4-only; leave it out, or make ` +
        "the router dual-stack",
    );
  }
  if (upstream && !hasV6(upstream.ipSupport)) {
    throw new TopologyError(
      `${what}: natV6 "${natV6}" needs IPv6 on the uplink, but its upstream "${upstream.name}" is ` +
        "v4-only; leave it out",
    );
  }
  if (natV6 === "nat64" && upstream && !hasV4(upstream.ipSupport)) {
    throw new TopologyError(
      `${what}: natV6 "nat64" needs an IPv4 uplink to translate to, but its upstream ` +
        `"${upstream.name}" has no IPv4 in its LAN; put the router on the IX or behind a router ` +
        'that has IPv4, or use natV6 "none"',
    );
  }
}

/** Refuses an IPv4 network for a router that has no IPv4. */
export function checkDownstream(what: string, ipSupport: IpSupport): void {
  if (hasV4(ipSupport)) return;
  throw new TopologyError(`${what}: downstreamCidr is IPv4, but the router is v6-only`);
}

/** Refuses router advertisements of a router without IPv6. */
export function checkAdvertisement(what: string, ipSupport: IpSupport): void {
  if (hasV6(ipSupport)) return;
  throw new Ipv6Error(
    `${what}: routerAdvertisement needs IPv6, but the router is v4-only; leave it out, or give the ` +
      "router IPv6",
  );
}

/** Refuses a requested IPv6 address of a device that makes its own from router advertisements. */
export function checkMadeAddress(
  what: string,
  ip6: string | undefined,
  { owner, name }: LanShape,
): void {
  if (ip6 === undefined || owner.kind !== "router") return;
  throw new Ipv6Error(
    `${what}: ip6 ${ip6} is requested, but the device makes its address from the advertisements of ` +
      `router "${name}"; leave it out, or give the device ipv6.provisioning "static"`,
  );
}

/** Refuses a device that waits for router advertisements if none of its routers has IPv6. */
export function checkListener(
  what: string,
  ipv6: DeviceIpv6Options | undefined,
  lans: readonly LanShape[],
): void {
  if (ipv6?.provisioning !== "ra" || lans.length === 0 || lans.some(({ v6 }) => v6)) return;
  const names = lans.map(({ name }) => `"${name}"`).join(", ");
  throw new Ipv6Error(
    `${what}: ipv6.provisioning is "ra", but ${names} ${
      lans.length > 1 ? "have" : "has"
    } no IPv6 ` +
      "to advertise; leave it out, or use a router that has IPv6",
  );
}

/** A LAN, as far as the checks of its members need it. */
export interface LanShape {
  /** Its router, or its bridge. */
  owner: { kind: string };
  name: string;
  mtu: number;
  /** Its IPv6 network, if it has one. */
  v6?: unknown;
}

/** Refuses an MTU that is too small for IPv6, or so large that the LAN would drop packets silently. */
export function checkMtu(what: string, mtu: number | undefined, lan: LanShape): void {
  const { kind } = lan.owner;
  if (mtu !== undefined && mtu > lan.mtu) {
    throw new TopologyError(
      `${what}: mtu ${mtu} is larger than the ${lan.mtu} of ${kind} "${lan.name}": ` +
        "larger packets would be lost on the link; " +
        (kind === "router" ? "raise the router's, or lower this one" : "lower it"),
    );
  }
  if (mtu !== undefined && mtu < IPV6_MIN_MTU && lan.v6) {
    throw new TopologyError(
      `${what}: mtu ${mtu} is too small for the IPv6 of ${kind} "${lan.name}", ` +
        `which needs ${IPV6_MIN_MTU}; raise it, or use a router that is v4-only`,
    );
  }
}

/** A LAN, as far as the check of a CLAT needs it. */
export interface ClatLan {
  name: string;
  v4: boolean;
  /** Whether its router, or an upstream of that, has NAT64. */
  nat64: boolean;
}

/** Refuses a CLAT that has no use: its device has IPv4, or no NAT64 upstream. */
export function checkClat(
  what: string,
  lans: readonly ClatLan[],
  byDefault: ClatLan | undefined,
): void {
  const four = lans.find(({ v4 }) => v4);
  if (four) {
    throw new TopologyError(
      `${what}: clat is for a device without IPv4, but it gets IPv4 from "${four.name}"; ` +
        "leave clat out, or use a router that is v6-only",
    );
  }
  if (byDefault?.nat64) return;
  throw new TopologyError(
    `${what}: clat needs an upstream router with natV6 "nat64", but ` +
      (byDefault
        ? `neither "${byDefault.name}" nor an upstream of it has that`
        : "the device has no interface"),
  );
}
