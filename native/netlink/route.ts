import {
  type Message,
  type MessageWriter,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  readAttributes,
} from "./codec.ts";

/** The requests of rtnetlink(7) that a topology needs, each appended to a batch. */

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_NEWNEIGH = 28;
const RTM_DELNEIGH = 29;

const IFF_UP = 1;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_STATS64 = 23;
const IFLA_AF_SPEC = 26;
const IFLA_NET_NS_FD = 28;
const IFLA_NUM_TX_QUEUES = 31;
const IFLA_NUM_RX_QUEUES = 32;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;

const AF_INET6 = 10;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const IN6_ADDR_GEN_MODE_NONE = 1;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
// Skip duplicate address detection: the lab hands addresses out once, and
// waiting a second per interface for a check that cannot fail is a waste.
const IFA_F_NODAD = 0x02;

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PREFSRC = 7;
const RT_TABLE_MAIN = 254;
const RTPROT_STATIC = 4;
const RTN_UNICAST = 1;
const RTNH_F_ONLINK = 4;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;

const NDA_DST = 1;
const NDA_LLADDR = 2;
const NUD_PERMANENT = 0x80;

const familyOf = (ip: Uint8Array): number => ip.length === 4 ? 2 : 10;

/** One end of a veth pair, or a bridge. Indexes are chosen by the caller, so nothing is looked up. */
export interface LinkSpec {
  name: string;
  index: number;
  /** Six bytes. */
  mac: Uint8Array;
  mtu: number;
}

function linkAttributes(batch: MessageWriter, link: LinkSpec): void {
  batch.attrString(IFLA_IFNAME, link.name)
    .attrBytes(IFLA_ADDRESS, link.mac)
    .attrU32(IFLA_MTU, link.mtu);
}

// By default a veth gets a queue for each CPU, of which all but one are taken back after a grace
// period of 0.2 ms.
function oneQueue(batch: MessageWriter): void {
  batch.attrU32(IFLA_NUM_TX_QUEUES, 1).attrU32(IFLA_NUM_RX_QUEUES, 1);
}

function ifinfo(batch: MessageWriter, index: number, flags: number, change: number): void {
  batch.u8(0).u8(0).u16(0).u32(index).u32(flags).u32(change);
}

/**
 * Makes a veth pair, the peer directly in its own namespace: moving one costs
 * 14 ms. The link is up, the peer is not: the driver refuses to open an end
 * whose other end is not there yet.
 */
export function addVeth(
  batch: MessageWriter,
  link: LinkSpec & { master?: number },
  peer: LinkSpec & { namespaceFd: number },
): void {
  batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, `add veth ${link.name} <-> ${peer.name}`);
  ifinfo(batch, link.index, IFF_UP, IFF_UP);
  linkAttributes(batch, link);
  oneQueue(batch);
  if (link.master !== undefined) batch.attrU32(IFLA_MASTER, link.master);
  batch.nest(IFLA_LINKINFO, () => {
    batch.attrString(IFLA_INFO_KIND, "veth");
    batch.nest(IFLA_INFO_DATA, () => {
      batch.nest(VETH_INFO_PEER, () => {
        ifinfo(batch, peer.index, 0, 0);
        linkAttributes(batch, peer);
        oneQueue(batch);
        batch.attrU32(IFLA_NET_NS_FD, peer.namespaceFd);
      });
    });
  });
  batch.end();
}

/** Makes a bridge, up. */
export function addBridge(batch: MessageWriter, link: LinkSpec): void {
  batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, `add bridge ${link.name}`);
  ifinfo(batch, link.index, IFF_UP, IFF_UP);
  linkAttributes(batch, link);
  batch.nest(IFLA_LINKINFO, () => batch.attrString(IFLA_INFO_KIND, "bridge"));
  batch.end();
}

/** Changes a link: up or down, its bridge (0 for none), its MTU. */
export function setLink(
  batch: MessageWriter,
  index: number,
  change: { up?: boolean; master?: number; mtu?: number },
): void {
  batch.begin(RTM_NEWLINK, 0, `set link ${index} ${JSON.stringify(change)}`);
  ifinfo(batch, index, change.up ? IFF_UP : 0, change.up === undefined ? 0 : IFF_UP);
  if (change.mtu !== undefined) batch.attrU32(IFLA_MTU, change.mtu);
  if (change.master !== undefined) batch.attrU32(IFLA_MASTER, change.master);
  batch.end();
}

/**
 * Keeps the kernel from giving a link an IPv6 link-local address of its own
 * making, which would not be usable at once. Before the link is set up.
 */
export function noLinkLocal(batch: MessageWriter, index: number): void {
  batch.begin(RTM_NEWLINK, 0, `set link ${index} addrgenmode none`);
  ifinfo(batch, index, 0, 0);
  batch.nest(
    IFLA_AF_SPEC,
    () =>
      batch.nest(
        AF_INET6,
        () => batch.attrBytes(IFLA_INET6_ADDR_GEN_MODE, new Uint8Array([IN6_ADDR_GEN_MODE_NONE])),
      ),
  );
  batch.end();
}

/** Removes a link; of a veth pair, the other end goes too. */
export function deleteLink(batch: MessageWriter, index: number): void {
  batch.begin(RTM_DELLINK, 0, `delete link ${index}`);
  ifinfo(batch, index, 0, 0);
  batch.end();
}

export const LOOPBACK = 1;

function addressMessage(
  batch: MessageWriter,
  type: number,
  flags: number,
  index: number,
  ip: Uint8Array,
  prefix: number,
): void {
  const scope = ip[0] === 0xfe && ip.length === 16 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  batch.begin(type, flags, `address ${ip.join(".")}/${prefix} on link ${index}`)
    .u8(familyOf(ip)).u8(prefix).u8(0).u8(scope).u32(index)
    .attrBytes(IFA_LOCAL, ip)
    .attrBytes(IFA_ADDRESS, ip);
  if (ip.length === 16) batch.attrU32(IFA_FLAGS, IFA_F_NODAD);
  batch.end();
}

/** Gives an interface an address. IPv6 ones are usable at once. */
export function addAddress(
  batch: MessageWriter,
  index: number,
  ip: Uint8Array,
  prefix: number,
): void {
  addressMessage(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, ip, prefix);
}

/** Takes an address away, and with it the routes that it brought. */
export function deleteAddress(
  batch: MessageWriter,
  index: number,
  ip: Uint8Array,
  prefix: number,
): void {
  addressMessage(batch, RTM_DELADDR, 0, index, ip, prefix);
}

/** A route of the main table; without `destination`, the default route. */
export interface RouteSpec {
  destination?: Uint8Array;
  prefix?: number;
  gateway?: Uint8Array;
  /** Which family a default route without gateway is of: 4 or 6. */
  family?: 4 | 6;
  index: number;
  source?: Uint8Array;
}

function routeMessage(batch: MessageWriter, type: number, flags: number, route: RouteSpec): void {
  const sample = route.destination ?? route.gateway;
  const family = sample ? familyOf(sample) : route.family === 6 ? 10 : 2;
  batch.begin(
    type,
    flags,
    `route ${
      route.destination ? `${route.destination.join(".")}/${route.prefix}` : "default"
    } via ${route.gateway?.join(".") ?? "link"} on link ${route.index}`,
  )
    .u8(family).u8(route.destination ? route.prefix ?? 0 : 0).u8(0).u8(0)
    .u8(RT_TABLE_MAIN).u8(RTPROT_STATIC)
    .u8(route.gateway || family === 10 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK)
    .u8(RTN_UNICAST)
    // ONLINK: gateways here are often outside every prefix of the interface (/32 uplinks).
    .u32(route.gateway ? RTNH_F_ONLINK : 0);
  if (route.destination) batch.attrBytes(RTA_DST, route.destination);
  if (route.gateway) batch.attrBytes(RTA_GATEWAY, route.gateway);
  if (route.source) batch.attrBytes(RTA_PREFSRC, route.source);
  batch.attrU32(RTA_OIF, route.index);
  batch.end();
}

/** Adds a route, or replaces the one to the same destination. */
export function replaceRoute(batch: MessageWriter, route: RouteSpec): void {
  routeMessage(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);
}

/** Removes a route. */
export function deleteRoute(batch: MessageWriter, route: RouteSpec): void {
  routeMessage(batch, RTM_DELROUTE, 0, route);
}

/**
 * Tells a node its neighbour's MAC for good. The kernel's neighbour table is
 * shared by all namespaces and holds 1,024 learnt entries; permanent ones do
 * not count.
 */
export function addNeighbour(
  batch: MessageWriter,
  index: number,
  ip: Uint8Array,
  mac: Uint8Array,
): void {
  batch.begin(
    RTM_NEWNEIGH,
    NLM_F_CREATE | NLM_F_REPLACE,
    `neighbour ${ip.join(".")} on link ${index}`,
  )
    .u8(familyOf(ip)).u8(0).u16(0).u32(index).u16(NUD_PERMANENT).u8(0).u8(0)
    .attrBytes(NDA_DST, ip)
    .attrBytes(NDA_LLADDR, mac)
    .end();
}

/** Forgets a neighbour. */
export function deleteNeighbour(batch: MessageWriter, index: number, ip: Uint8Array): void {
  batch.begin(RTM_DELNEIGH, 0, `delete neighbour ${ip.join(".")} on link ${index}`)
    .u8(familyOf(ip)).u8(0).u16(0).u32(index).u16(0).u8(0).u8(0)
    .attrBytes(NDA_DST, ip)
    .end();
}

/** Asks for one link by index; the answer is read by {@link readLink}. */
export function getLink(batch: MessageWriter, index: number): void {
  batch.begin(RTM_GETLINK, 0, `get link ${index}`);
  ifinfo(batch, index, 0, 0);
  batch.end();
}

/** Asks for all links. */
export function dumpLinks(batch: MessageWriter): void {
  batch.begin(RTM_GETLINK, NLM_F_DUMP, "dump links");
  ifinfo(batch, 0, 0, 0);
  batch.end();
}

/** What the kernel says of a link. */
export interface LinkState {
  index: number;
  name: string;
  up: boolean;
  mtu: number;
  stats: {
    rxPackets: number;
    txPackets: number;
    rxBytes: number;
    txBytes: number;
    rxErrors: number;
    txErrors: number;
    rxDropped: number;
    txDropped: number;
  };
}

/** Reads an answer to {@link getLink} or {@link dumpLinks}. */
export function readLinkState(message: Message): LinkState {
  const body = new DataView(message.body.buffer, message.body.byteOffset);
  const attributes = readAttributes(message.body, 16);
  const stats = attributes.get(IFLA_STATS64);
  // struct rtnl_link_stats64: consecutive u64, in this order (if_link.h).
  const counter = (n: number) =>
    stats
      ? Number(new DataView(stats.buffer, stats.byteOffset + 8 * n, 8).getBigUint64(0, true))
      : 0;
  const mtu = attributes.get(IFLA_MTU);
  return {
    index: body.getInt32(4, true),
    name: new TextDecoder().decode(attributes.get(IFLA_IFNAME)?.slice(0, -1)),
    up: (body.getUint32(8, true) & IFF_UP) !== 0,
    mtu: mtu ? new DataView(mtu.buffer, mtu.byteOffset, 4).getUint32(0, true) : 0,
    stats: {
      rxPackets: counter(0),
      txPackets: counter(1),
      rxBytes: counter(2),
      txBytes: counter(3),
      rxErrors: counter(4),
      txErrors: counter(5),
      rxDropped: counter(6),
      txDropped: counter(7),
    },
  };
}
