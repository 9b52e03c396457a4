/**
 * The kernel's side of a lab: namespaces, links, addresses, neighbours, routes and nftables rules of
 * nodes, set up from their records. Imports `options`, `model` and `native`. Begin with `links.ts`.
 *
 * @module
 */

import type { Message, MessageWriter } from "../../../native/netlink/codec.ts";
import type { NodeRecord } from "../model/records.ts";

/**
 * Sends the messages that `write` adds to the kernel in one datagram, as a program in the node
 * would.
 */
export function inside(node: NodeRecord, write: (batch: MessageWriter) => void): Message[] {
  return node.runtime.namespace.rtnetlink(write);
}
