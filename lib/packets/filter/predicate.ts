import { isIpv4, isIpv6 } from "../../address/mod.ts";
import type { PacketSummary } from "../summary/summary.ts";
import type { FilterNode, Side } from "./ast.ts";
import { parseFilter } from "./parse.ts";

/** A packet as a filter sees it. */
export interface FilterSubject {
  readonly summary: PacketSummary;
  /** The node that saw it, for example `laptop`. */
  readonly node: string;
  /** The interface of the node, for example `eth0`. */
  readonly interface: string;
}

/** Decides whether a packet passes a filter. */
export type FilterPredicate = (subject: FilterSubject) => boolean;

/**
 * Makes a predicate of a filter's text; {@link parseFilter} says what may stand in it.
 *
 * @throws {FilterError} If it is no filter.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { summariseBytes } from "../summary/summary.ts";
 *
 * const arp = Uint8Array.fromHex(
 *   "ffffffffffff020000000001080600010800060400010200000000010a0000010000000000000a000002",
 * );
 * const subject = { summary: summariseBytes(arp, 1), node: "laptop", interface: "eth0" };
 * assert(filter('arp and node laptop and "who has"')(subject));
 * assert(!filter("arp src host 10.0.0.2")(subject));
 * ```
 */
export function filter(text: string): FilterPredicate {
  const node = parseFilter(text);
  return node ? predicateOf(node) : () => true;
}

/** Makes a predicate of a filter that was read. */
export function predicateOf(node: FilterNode): FilterPredicate {
  switch (node.kind) {
    case "and": {
      const terms = node.terms.map(predicateOf);
      return (subject) => terms.every((term) => term(subject));
    }
    case "or": {
      const terms = node.terms.map(predicateOf);
      return (subject) => terms.some((term) => term(subject));
    }
    case "not": {
      const term = predicateOf(node.term);
      return (subject) => !term(subject);
    }
    case "protocol": {
      const { protocol } = node;
      return ({ summary }) => summary.protocols.includes(protocol);
    }
    case "host": {
      const { address } = node;
      return ended(
        node.side,
        ({ source }) => source,
        ({ destination }) => destination,
        (found) => found === address,
      );
    }
    case "net": {
      const { cidr } = node;
      // A capture has few addresses and many packets.
      const known = new Map<string, boolean>();
      const contains = (address: string) => {
        let found = known.get(address);
        if (found === undefined) {
          found = (isIpv4(address) || isIpv6(address)) && cidr.contains(address);
          known.set(address, found);
        }
        return found;
      };
      return ended(node.side, ({ source }) => source, ({ destination }) => destination, contains);
    }
    case "port": {
      const { first, last } = node;
      return ended(
        node.side,
        ({ sourcePort }) => sourcePort,
        ({ destinationPort }) => destinationPort,
        (port) => port >= first && port <= last,
      );
    }
    case "vlan": {
      const { vlan } = node;
      return ({ summary }) => summary.vlan === vlan;
    }
    case "node": {
      const { text } = node;
      return (subject) => subject.node === text;
    }
    case "interface": {
      const { text } = node;
      return (subject) =>
        subject.interface === text || `${subject.node}/${subject.interface}` === text;
    }
    case "text": {
      const wanted = node.text.toLowerCase();
      return ({ summary }) => lineOf(summary).toLowerCase().includes(wanted);
    }
  }
}

/** What a list shows of a packet, in which texts are looked for. */
function lineOf({ protocol, source, destination, info }: PacketSummary): string {
  return `${protocol} ${source} ${destination} ${info}`;
}

function ended<T>(
  side: Side,
  source: (summary: PacketSummary) => T,
  destination: (summary: PacketSummary) => T,
  matches: (value: T) => boolean,
): FilterPredicate {
  if (side === "source") return ({ summary }) => matches(source(summary));
  if (side === "destination") return ({ summary }) => matches(destination(summary));
  return ({ summary }) => matches(source(summary)) || matches(destination(summary));
}
