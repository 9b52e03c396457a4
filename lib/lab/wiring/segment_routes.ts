import type { MessageWriter } from "../../../native/netlink/codec.ts";
import { deleteRoute, replaceRoute } from "../../../native/netlink/route.ts";
import { ipBytes, parseCidr } from "../../address/mod.ts";
import { loadBlackHole } from "./black_hole.ts";
import { inside } from "./rtnetlink.ts";
import { removeIfPresent } from "../../../native/netlink/refusal.ts";
import type { InterfaceRecord, Segment } from "../model/records.ts";
import { smallerMtu } from "./neighbours.ts";

/** The index of the link of the segment's owner that leads to a member. */
const linkTowards = (segment: Segment, via: InterfaceRecord) =>
  segment.kind === "exchange" ? segment.members.get(via)?.index : segment.gatewayLink?.index;

/** Writes the route to a network downstream of a member, over a link of the segment's owner. */
export function route(
  batch: MessageWriter,
  cidr: string,
  via: InterfaceRecord,
  index: number,
): void {
  const { family, prefix, network } = parseCidr(cidr);
  const gateway = family === 4 ? via.ip : via.ip6;
  if (!gateway) return;
  const destination = ipBytes(network);
  const mtu = smallerMtu(via);
  replaceRoute(batch, { destination, prefix, gateway: ipBytes(gateway), index, mtu });
}

/** Adds the route of a segment's owner to a network downstream of a member. */
export function addRoute(segment: Segment, cidr: string, via: InterfaceRecord): void {
  const index = linkTowards(segment, via);
  if (index === undefined) return;
  inside(segment.owner, (batch) => route(batch, cidr, via, index));
  segment.routes.set(cidr, via);
  loadBlackHole(segment);
}

/** Removes a route that {@link addRoute} added. */
export function removeRoute(segment: Segment, cidr: string): void {
  const via = segment.routes.get(cidr);
  if (!via || !segment.routes.delete(cidr)) return;
  const index = linkTowards(segment, via);
  if (index !== undefined) {
    const { prefix, network } = parseCidr(cidr);
    const route = { destination: ipBytes(network), prefix, index };
    removeIfPresent(() => inside(segment.owner, (batch) => deleteRoute(batch, route)));
  }
  loadBlackHole(segment);
}
