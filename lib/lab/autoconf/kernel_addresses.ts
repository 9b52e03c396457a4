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

/** What a device's kernel is told before it makes IPv6 addresses, and what it made. */

/** What the kernel gives a default route unless it is told (IP6_RT_PRIO_USER). */
const METRIC = 1024;

/** All routers on the link (RFC 4291, section 2.7.1). */
const ALL_ROUTERS = ipBytes("ff02::2");

const setting = (iface: InterfaceRecord, name: string) => `net.ipv6.conf.${iface.name}.${name}`;

/**
 * Says how an interface is to make addresses.
 *
 * @param begun Whether it does so already; otherwise it hears no router until {@link solicitFirst}.
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
    // An advertisement that comes before the secret would have an address made of the hardware's.
    if (!begun) set(iface, "accept_ra", 0);
    set(iface, "autoconf", 1);
    set(iface, "accept_dad", dad ? 1 : 0);
    set(iface, "use_tempaddr", autoconf.privacy ? 2 : 0);
    setPreference(iface, isDefault);
  });
}

/** Has an interface look for duplicates of its addresses without waiting for up to a second first. */
export function skipSolicitationDelay(iface: InterfaceRecord): void {
  iface.node.runtime.namespace.enter(() => set(iface, "router_solicitation_delay", 0));
}

/** Has an interface hear no router, though there is one that advertises on its link. */
export function ignoreRouters(iface: InterfaceRecord): void {
  iface.node.runtime.namespace.enter(() => set(iface, "accept_ra", 0));
}

function set(iface: InterfaceRecord, name: string, value: string | number): void {
  setSysctl(setting(iface, name), value);
}

/** The metric of the default route by an interface: that of the default interface is the least. */
export function metricOf(iface: InterfaceRecord, isDefault: boolean): number {
  if (isDefault) return METRIC;
  // It may be on its way into the node.
  const place = [...iface.node.interfaces.values()].indexOf(iface);
  return 2 * METRIC + (place < 0 ? iface.node.interfaces.size : place);
}

/** Says how good default routes by an interface are; for those that its router advertises later. */
function setPreference(iface: InterfaceRecord, isDefault: boolean): void {
  kernelFeatures.ranksDefaultRoutes &&= getSysctl(setting(iface, "ra_defrtr_metric")) !== undefined;
  if (kernelFeatures.ranksDefaultRoutes) {
    set(iface, "ra_defrtr_metric", metricOf(iface, isDefault));
  } else {
    // Before Linux 5.12, all have the same metric: the others have none.
    set(iface, "accept_ra_defrtr", isDefault ? 1 : 0);
  }
}

/** Says anew how good default routes are, and has routers say that they are some. */
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
 * Gives an interface that is up its link-local address: with it the kernel sends the first
 * solicitation, to those who must be ready by then.
 */
export function solicitFirst(iface: InterfaceRecord, seed: number, dad: boolean): void {
  const { node, index, linkLocal6 } = iface;
  if (!linkLocal6) return;
  // Not before it has a carrier: the kernel would make a link-local address of its own.
  inside(node, (batch) => syncLink(batch, index));
  node.runtime.namespace.enter(() => {
    // With the secret, the kernel goes over to addresses by RFC 7217.
    set(iface, "stable_secret", secretOf(iface, seed));
    // 2: also if a program of the device has it forward.
    set(iface, "accept_ra", 2);
  });
  const add = dad ? proposeAddress : addAddress;
  inside(node, (batch) => add(batch, index, ipBytes(linkLocal6), 64));
}

/**
 * What the addresses of an interface follow from, written as an address (RFC 7217, section 5): a veth has
 * no permanent hardware address, by which the kernel would tell a node's interfaces apart.
 */
function secretOf({ node, name }: InterfaceRecord, seed: number): string {
  const words = new DataView(new ArrayBuffer(16));
  for (let i = 0; i < 4; i++) words.setUint32(4 * i, deriveSeed(seed, `${node.name} ${name} ${i}`));
  return ipFromBytes(new Uint8Array(words.buffer));
}

/** The IPv6 addresses of a node, and its default routes of routers that advertise. */
export interface MadeAddresses {
  addresses: AddressState[];
  /** The metric of each, by the index of the link. */
  defaultRoutes: Map<number, number>;
}

/** Asks the kernel for what there is. */
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

/** Those of the addresses that an interface's kernel made of an advertised prefix. */
export function advertisedOf(iface: InterfaceRecord, { addresses }: MadeAddresses): AddressState[] {
  return addresses.filter(({ index, permanent, isLinkLocal, tentative, duplicate }) =>
    index === iface.index && !permanent && !isLinkLocal && !tentative && !duplicate
  );
}

/** The address by which others are to reach an interface: the one that stays, of its present prefix. */
export function stableOf(iface: InterfaceRecord, made: MadeAddresses): AddressState | undefined {
  const cidr = iface.segment.v6?.cidr;
  const rank = ({ deprecated, ip }: AddressState) =>
    (deprecated ? 2 : 0) + (cidr?.contains(ipFromBytes(ip)) ? 0 : 1);
  return advertisedOf(iface, made).filter(({ temporary }) => !temporary)
    .sort((a, b) => rank(a) - rank(b))[0];
}

/** The address from which an interface sends, where it changes with time. */
export function temporaryOf(iface: InterfaceRecord, made: MadeAddresses): AddressState | undefined {
  return advertisedOf(iface, made).find(({ temporary, deprecated }) => temporary && !deprecated);
}

/** Whether an interface has the default route that it is to have. */
export function hasDefaultRoute(iface: InterfaceRecord, { defaultRoutes }: MadeAddresses): boolean {
  const isDefault = defaultInterface(iface.node) === iface;
  const metric = defaultRoutes.get(iface.index);
  const isRanked = isDefault || kernelFeatures.ranksDefaultRoutes;
  return metric === (isRanked ? metricOf(iface, isDefault) : undefined);
}
