import { familyOf, ipText } from "./address.ts";
import {
  type Message,
  type MessageWriter,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REPLACE,
  readAttributes,
} from "./codec.ts";

/** The requests of rtnetlink(7) that concern routes, each appended to a batch. */

const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;

const AF_INET = 2;
const AF_INET6 = 10;

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RTA_METRICS = 8;
const RTA_MULTIPATH = 9;
const RTAX_MTU = 2;
const RT_TABLE_MAIN = 254;
const RTPROT_STATIC = 4;
const RTPROT_RA = 9;
const RTN_UNSPEC = 0;
const RTN_UNICAST = 1;
const RTN_LOCAL = 2;
const RTN_BLACKHOLE = 6;
const RTN_UNREACHABLE = 7;
const RTNH_F_ONLINK = 4;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_NOWHERE = 255;

/** A route of the main table; without `destination`, the default route. */
export interface RouteSpec {
  destination?: Uint8Array;
  prefix?: number;
  gateway?: Uint8Array;
  /** Which family a default route without gateway is of: 4 or 6. */
  family?: 4 | 6;
  index: number;
  /** The largest packet that gets there, where that is less than the link takes. */
  mtu?: number;
  /** Which of its addresses the node itself sends from. */
  source?: Uint8Array;
}

/** Whom a route is for, if it goes nowhere, or if it is to be removed wherever it goes. */
type Destination = Required<Pick<RouteSpec, "destination" | "prefix">>;

function routeMessage(
  batch: MessageWriter,
  type: number,
  flags: number,
  [kind, scope]: [kind: number, scope: number],
  route: Partial<RouteSpec>,
): void {
  const { destination, prefix = 0, gateway, mtu, source, index } = route;
  const sample = destination ?? gateway;
  const what = () => {
    const to = destination ? `${ipText(destination)}/${prefix}` : "default";
    const via = gateway ? ` via ${ipText(gateway)}` : "";
    return `route ${to}${via}${index === undefined ? "" : ` on link ${index}`}`;
  };
  batch.begin(type, flags, what)
    .u8(sample ? familyOf(sample) : route.family === 6 ? AF_INET6 : AF_INET)
    .u8(destination ? prefix : 0).u8(0).u8(0)
    .u8(RT_TABLE_MAIN).u8(RTPROT_STATIC).u8(scope).u8(kind)
    // ONLINK: gateways here are often outside every prefix of the interface (/32 uplinks).
    .u32(gateway ? RTNH_F_ONLINK : 0);
  if (destination) batch.attrBytes(RTA_DST, destination);
  if (gateway) batch.attrBytes(RTA_GATEWAY, gateway);
  if (source) batch.attrBytes(RTA_PREFSRC, source);
  if (mtu !== undefined) batch.nest(RTA_METRICS, () => batch.attrU32(RTAX_MTU, mtu));
  if (index !== undefined) batch.attrU32(RTA_OIF, index);
  batch.end();
}

/** Adds a route, or replaces the one to the same destination. */
export function replaceRoute(batch: MessageWriter, route: RouteSpec): void {
  // IPv6 has no scopes, and ignores them.
  const scope = route.gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  routeMessage(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, [RTN_UNICAST, scope], route);
}

/**
 * Has what is for a destination thrown away, in place of the route to it if there is one: without
 * a word (`blackhole`), or with an ICMP error to who sent it (`unreachable`).
 */
export function replaceByNowhere(
  batch: MessageWriter,
  how: "blackhole" | "unreachable",
  to: Destination,
): void {
  const kind = how === "blackhole" ? RTN_BLACKHOLE : RTN_UNREACHABLE;
  routeMessage(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, [kind, RT_SCOPE_UNIVERSE], to);
}

/** Removes a route; without `gateway`, whichever it has; without `index`, wherever it goes. */
export function deleteRoute(batch: MessageWriter, route: RouteSpec | Destination): void {
  // NOWHERE matches every scope (fib_table_delete), UNSPEC every kind; any other only its own.
  const kind = "index" in route ? RTN_UNICAST : RTN_UNSPEC;
  routeMessage(batch, RTM_DELROUTE, 0, [kind, RT_SCOPE_NOWHERE], route);
}

/** Asks which way a packet to an address would go; {@link isLocalRoute} reads the answer. */
export function getRoute(batch: MessageWriter, ip: Uint8Array): void {
  batch.begin(RTM_GETROUTE, 0, () => `get route to ${ipText(ip)}`)
    .u8(familyOf(ip)).u8(ip.length * 8).u8(0).u8(0)
    .u8(0).u8(0).u8(0).u8(0).u32(0)
    .attrBytes(RTA_DST, ip)
    .end();
}

/** Whether an answer to {@link getRoute} says that the address is the node's own; undefined for other messages. */
export function isLocalRoute({ type, body }: Message): boolean | undefined {
  return type === RTM_NEWROUTE ? body[7] === RTN_LOCAL : undefined;
}

/** Asks for all routes of a family, in all tables; {@link readUnicastRoute} reads the answers. */
export function dumpRoutes(batch: MessageWriter, family: 4 | 6): void {
  batch.begin(RTM_GETROUTE, NLM_F_DUMP, `dump IPv${family} routes`)
    .u8(family === 4 ? AF_INET : AF_INET6).u8(0).u8(0).u8(0)
    .u8(0).u8(0).u8(0).u8(0).u32(0)
    .end();
}

/** A route by which packets are sent to somewhere else. */
export interface UnicastRoute {
  /** The first address of the destination, all bits 0 for the default route. */
  destination: Uint8Array;
  prefix: number;
  /** The links that it leaves by: more than one where it is shared. */
  links: number[];
  /** Of several to one destination, the least is taken. */
  metric: number;
  /** Whether a router advertised it. */
  advertised: boolean;
}

/** Reads an answer to {@link dumpRoutes}; undefined for other messages, and for other kinds of routes. */
export function readUnicastRoute({ type, body }: Message): UnicastRoute | undefined {
  if (type !== RTM_NEWROUTE || body[7] !== RTN_UNICAST) return undefined;
  const attributes = readAttributes(body, 12);
  const link = attributes.get(RTA_OIF);
  const metric = attributes.get(RTA_PRIORITY);
  return {
    metric: metric ? u32(metric, 0) : 0,
    advertised: body[5] === RTPROT_RA,
    destination: attributes.get(RTA_DST) ?? new Uint8Array(body[0] === AF_INET ? 4 : 16),
    prefix: body[1],
    links: [
      ...link ? [u32(link, 0)] : [],
      ...nextHops(attributes.get(RTA_MULTIPATH) ?? new Uint8Array()),
    ],
  };
}

/** The links of `struct rtnexthop`s, each of which says how long it is. */
function nextHops(bytes: Uint8Array): number[] {
  const links: number[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    links.push(u32(bytes, at + 4));
    const length = bytes[at] | bytes[at + 1] << 8;
    if (length < 8) break;
    at += (length + 3) & ~3;
  }
  return links;
}

const u32 = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
