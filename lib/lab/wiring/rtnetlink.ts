import { SyscallError } from "../../../native/libc.ts";
import type { Message, MessageWriter } from "../../../native/netlink/codec.ts";
import type { NodeRecord } from "../model/records.ts";

/** Sends what `write` says to the kernel, in one datagram, as a program in the node would. */
export function inside(node: NodeRecord, write: (batch: MessageWriter) => void): Message[] {
  return node.runtime.namespace.rtnetlink(write);
}

/** Whether the kernel refused something for one of these reasons. */
export function refusedBy(error: unknown, codes: readonly string[]): boolean {
  return error instanceof SyscallError && codes.includes(error.code);
}

/** The kernel has none of what is to be taken away: it, or the link that it was on, is gone. */
const GONE = ["ENOENT", "ESRCH", "ENODEV", "EADDRNOTAVAIL"];

/** Takes something away; that it is gone already is as good. */
export function takeAway(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!refusedBy(error, GONE)) throw error;
  }
}
