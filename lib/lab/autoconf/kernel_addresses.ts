import {
  addAddress,
  type AddressState,
  dumpAddresses,
  proposeAddress,
  readAddress,
} from "../../../native/netlink/address.ts";
import { syncLink } from "../../../native/netlink/link.ts";
import { dumpRoutes, readUnicastRoute } from "../../../native/netlink/route.ts";
import { writeSolicitation } from "../../../native/ndp/codec.ts";
import { NdpSocket } from "../../../native/ndp/socket.ts";
import { getSysctl, setSysctl } from "../../../native/sysctl.ts";
import { ipBytes, ipFromBytes, macBytes } from "../../address/mod.ts";
import { defaultInterface, type InterfaceRecord, type NodeRecord } from "../model/records.ts";
import { kernelFeatures } from "../wiring/kernel_features.ts";
import { inside } from "../wiring/rtnetlink.ts";
import { deriveSeed } from "../model/seed.ts";

/** IPv6 addresses that the kernel of a device makes: its settings, and reading the result. */

/** The default metric of a default route (IP6_RT_PRIO_USER). */
const METRIC = 1024;

/** All routers on the link (RFC 4291, section 2.7.1). */
const ALL_ROUTERS = ipBytes("ff02::2");

const setting = (iface: InterfaceRecord, name: string) =>
  `net.ipv6.conf.${iface.name.replaceAll(".", "/")}.${name}`;

/**
 * Configures how an interface makes addresses.
 *
 * @param begun Whether it does so already; otherwise it ignores routers until {@link solicitFirst}.
 */
export function prepare(
  iface: InterfaceRecord,
  isDefault: boolean,
  dad: boolean,
  begun: boolean,
): void {
  const { autoconf, node } = iface;
  if (!autoconf) return;
  node.runtime.namespace.enter(() => {
    // An advertisement before the secret would make an address from the MAC address.
    if (!begun) set(iface, "accept_ra", 0);
    set(iface, "autoconf", 1);
    set(iface, "accept_dad", dad ? 1 : 0);
    set(iface, "use_tempaddr", autoconf.privacy ? 2 : 0);
    setPreference(iface, isDefault);
  });
}

/** Starts duplicate address detection on an interface without the random delay of up to a second. */
export function skipSolicitationDelay(iface: InterfaceRecord): void {
  iface.node.runtime.namespace.enter(() => set(iface, "router_solicitation_delay", 0));
}

/** Makes an interface ignore the router advertisements on its link. */
export function ignoreRouters(iface: InterfaceRecord): void {
  iface.node.runtime.namespace.enter(() => set(iface, "accept_ra", 0));
}

function set(iface: InterfaceRecord, name: string, value: string | number): void {
  setSysctl(setting(iface, name), value);
}

/** Returns the metric of the default route of an interface; the default interface has the lowest. */
export function metricOf(iface: InterfaceRecord, isDefault: boolean): number {
  if (isDefault) return METRIC;
  // The interface may not be in the node yet.
  const place = [...iface.node.interfaces.values()].indexOf(iface);
  return 2 * METRIC + (place < 0 ? iface.node.interfaces.size : place);
}

/** Sets the metric of the default routes that routers will advertise on an interface. */
function setPreference(iface: InterfaceRecord, isDefault: boolean): void {
  kernelFeatures.ranksDefaultRoutes &&= getSysctl(setting(iface, "ra_defrtr_metric")) !== undefined;
  if (kernelFeatures.ranksDefaultRoutes) {
    set(iface, "ra_defrtr_metric", metricOf(iface, isDefault));
  } else {
    // Before Linux 5.12, all have the same metric: only the default interface takes default routes.
    set(iface, "accept_ra_defrtr", isDefault ? 1 : 0);
  }
}

/** Changes the metric of default routes, and solicits routers so that it takes effect.  */
export function updatePreference(iface: InterfaceRecord, isDefault: boolean): void {
  iface.node.runtime.namespace.enter(() => {
    setPreference(iface, isDefault);
    const socket = new NdpSocket();
    try {
      const message = writeSolicitation({ mac: macBytes(iface.mac) });
      socket.send(message, ALL_ROUTERS, iface.index);
    } finally {
      socket.close();
    }
  });
}

/**
 * Adds the link-local address of an interface that is up: the kernel then sends the first solicitation,
 * so routers must be ready.
 */
export function solicitFirst(iface: InterfaceRecord, seed: number, dad: boolean): void {
  const { node, index, linkLocal6 } = iface;
  if (!linkLocal6) return;
  // Not before the carrier: the kernel would make its own link-local address.
  inside(node, (batch) => syncLink(batch, index));
  node.runtime.namespace.enter(() => {
    // The secret makes the kernel use addresses by RFC 7217.
    set(iface, "stable_secret", secretOf(iface, seed));
    // 2: also if a program of the device turns on forwarding.
    set(iface, "accept_ra", 2);
  });
  const add = dad ? proposeAddress : addAddress;
  inside(node, (batch) => add(batch, index, ipBytes(linkLocal6), 64));
}

/**
 * Returns the secret of the addresses of an interface (RFC 7217, section 5), written as an address. It
 * differs for each interface: a veth has no permanent MAC address that would make the difference.
 */
function secretOf({ node, name }: InterfaceRecord, seed: number): string {
  const words = new DataView(new ArrayBuffer(16));
  for (let i = 0; i < 4; i++) words.setUint32(4 * i, deriveSeed(seed, `${node.name} ${name} ${i}`));
  return ipFromBytes(new Uint8Array(words.buffer));
}

/** The IPv6 addresses of a node, and its advertised default routes. */
export interface MadeAddresses {
  addresses: AddressState[];
  /** The metric of each route, by link index. */
  defaultRoutes: Map<number, number>;
}

/** Reads the addresses and advertised default routes of a node from the kernel. */
export function madeIn(node: NodeRecord): MadeAddresses {
  const addresses = inside(node, dumpAddresses).map(readAddress).filter((one) => one !== undefined);
  const defaultRoutes = new Map<number, number>();
  for (const message of inside(node, (batch) => dumpRoutes(batch, 6))) {
    const route = readUnicastRoute(message);
    if (!route?.advertised || route.prefix !== 0) continue;
    for (const link of route.links) defaultRoutes.set(link, route.metric);
  }
  return { addresses, defaultRoutes };
}

/** Returns the addresses of an interface that its kernel made from an advertised prefix. */
export function advertisedOf(iface: InterfaceRecord, { addresses }: MadeAddresses): AddressState[] {
  return addresses.filter(({ index, permanent, isLinkLocal, tentative, duplicate }) =>
    index === iface.index && !permanent && !isLinkLocal && !tentative && !duplicate
  );
}

/** Returns the stable address of an interface, preferably of its present prefix. */
export function stableOf(iface: InterfaceRecord, made: MadeAddresses): AddressState | undefined {
  const cidr = iface.segment.v6?.cidr;
  const rank = ({ deprecated, ip }: AddressState) =>
    (deprecated ? 2 : 0) + (cidr?.contains(ipFromBytes(ip)) ? 0 : 1);
  return advertisedOf(iface, made).filter(({ temporary }) => !temporary)
    .sort((a, b) => rank(a) - rank(b))[0];
}

/** Returns the temporary address of an interface (RFC 8981). */
export function temporaryOf(iface: InterfaceRecord, made: MadeAddresses): AddressState | undefined {
  return advertisedOf(iface, made).find(({ temporary, deprecated }) => temporary && !deprecated);
}

/** Whether an interface has its expected default route. */
export function hasDefaultRoute(iface: InterfaceRecord, { defaultRoutes }: MadeAddresses): boolean {
  const isDefault = defaultInterface(iface.node) === iface;
  const metric = defaultRoutes.get(iface.index);
  const isRanked = isDefault || kernelFeatures.ranksDefaultRoutes;
  return metric === (isRanked ? metricOf(iface, isDefault) : undefined);
}
