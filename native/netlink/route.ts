import { familyOf, ipText } from "./address.ts";
import {
  type Message,
  type MessageWriter,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REPLACE,
  readAttributes,
  readU32,
} from "./codec.ts";

/** Requests of rtnetlink(7) about routes. Each is appended to a batch. */

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
  /** The family of a default route without a gateway. */
  family?: 4 | 6;
  index: number;
  /** The path MTU, if it is smaller than the MTU of the link. */
  mtu?: number;
  /** The source address of packets that the node itself sends. */
  source?: Uint8Array;
}

/** The destination of a route without a next hop, or of one that is deleted whatever its next hop is. */
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

/** Adds a route, or replaces the route to the same destination. */
export function replaceRoute(batch: MessageWriter, route: RouteSpec): void {
  // IPv6 has no scopes, and ignores them.
  const scope = route.gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  routeMessage(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, [RTN_UNICAST, scope], route);
}

/**
 * Replaces the route to a destination, if there is one, by a route that drops packets: silently
 * (`blackhole`), or with an ICMP error to the sender (`unreachable`).
 */
export function replaceByDroppingRoute(
  batch: MessageWriter,
  how: "blackhole" | "unreachable",
  to: Destination,
): void {
  const kind = how === "blackhole" ? RTN_BLACKHOLE : RTN_UNREACHABLE;
  routeMessage(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, [kind, RT_SCOPE_UNIVERSE], to);
}

/** Deletes a route: without `gateway`, whatever its gateway is; without `index`, whatever its link is. */
export function deleteRoute(batch: MessageWriter, route: RouteSpec | Destination): void {
  // NOWHERE matches every scope (fib_table_delete), and UNSPEC every kind.
  const kind = "index" in route ? RTN_UNICAST : RTN_UNSPEC;
  routeMessage(batch, RTM_DELROUTE, 0, [kind, RT_SCOPE_NOWHERE], route);
}

/** Requests the route of a packet to an address; {@link isLocalRoute} reads the answer. */
export function getRoute(batch: MessageWriter, ip: Uint8Array): void {
  batch.begin(RTM_GETROUTE, 0, () => `get route to ${ipText(ip)}`)
    .u8(familyOf(ip)).u8(ip.length * 8).u8(0).u8(0)
    .u8(0).u8(0).u8(0).u8(0).u32(0)
    .attrBytes(RTA_DST, ip)
    .end();
}

/** Whether an answer to {@link getRoute} is for an address of the node; undefined for other messages. */
export function isLocalRoute({ type, body }: Message): boolean | undefined {
  return type === RTM_NEWROUTE ? body[7] === RTN_LOCAL : undefined;
}

/** Requests all routes of a family, in all tables; {@link readUnicastRoute} reads the answers. */
export function dumpRoutes(batch: MessageWriter, family: 4 | 6): void {
  batch.begin(RTM_GETROUTE, NLM_F_DUMP, `dump IPv${family} routes`)
    .u8(family === 4 ? AF_INET : AF_INET6).u8(0).u8(0).u8(0)
    .u8(0).u8(0).u8(0).u8(0).u32(0)
    .end();
}

/** A route by which the node sends packets to other nodes. */
export interface UnicastRoute {
  /** The first address of the destination; all bits are 0 for the default route. */
  destination: Uint8Array;
  prefix: number;
  /** The links of its next hops. */
  links: number[];
  /** The kernel prefers the route with the lowest metric. */
  metric: number;
  /** Whether a router advertised it. */
  advertised: boolean;
}

/** Reads an answer to {@link dumpRoutes}; undefined for other messages and other kinds of routes. */
export function readUnicastRoute({ type, body }: Message): UnicastRoute | undefined {
  if (type !== RTM_NEWROUTE || body[7] !== RTN_UNICAST) return undefined;
  const attributes = readAttributes(body, 12);
  const link = attributes.get(RTA_OIF);
  const metric = attributes.get(RTA_PRIORITY);
  return {
    metric: metric ? readU32(metric) : 0,
    advertised: body[5] === RTPROT_RA,
    destination: attributes.get(RTA_DST) ?? new Uint8Array(body[0] === AF_INET ? 4 : 16),
    prefix: body[1],
    links: [
      ...link ? [readU32(link)] : [],
      ...nextHops(attributes.get(RTA_MULTIPATH) ?? new Uint8Array()),
    ],
  };
}

/** The links of a list of `struct rtnexthop`, each of which begins with its length. */
function nextHops(bytes: Uint8Array): number[] {
  const links: number[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    links.push(readU32(bytes, at + 4));
    const length = bytes[at] | bytes[at + 1] << 8;
    if (length < 8) break;
    at += (length + 3) & ~3;
  }
  return links;
}
