import type { Message, MessageWriter } from "../../../native/netlink/codec.ts";
import type { NodeRecord } from "../model/records.ts";

/** Sends what `write` says to the kernel, in one datagram, as a program in the node would. */
export function inside(node: NodeRecord, write: (batch: MessageWriter) => void): Message[] {
  return node.runtime.namespace.rtnetlink(write);
}
