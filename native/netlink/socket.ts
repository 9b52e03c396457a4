/**
 * Requests to the kernel by netlink. `codec.ts` is the wire format and `socket.ts` sends a batch of
 * requests; each other file has the requests about one subject, as functions that append to a batch,
 * and functions that read the answers. Imports `libc`, `fast` and `socket` of `native`. Begin here.
 *
 * @module
 */

import { check, closeFd, libc, SyscallError, uninterrupted } from "../libc.ts";
import {
  type Message,
  MessageWriter,
  NLMSG_DONE,
  NLMSG_ERROR,
  readErrno,
  readMessages,
} from "./codec.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0x80000;
const NETLINK_ROUTE = 0;
/** The family of nf_tables and connection tracking. */
export const NETLINK_NETFILTER = 12;

// One of each for a thread: all calls are synchronous.
const writer = new MessageWriter();
const inbox = new Uint8Array(65536);

/**
 * Sends the requests that `write` appends to the batch to the network namespace of this thread, as one
 * datagram, and waits until the kernel has executed them. Returns the answers.
 *
 * The kernel continues after a request that fails; the first failure is thrown.
 */
export function rtnetlink(write: (batch: MessageWriter) => void): Message[] {
  return netlink(NETLINK_ROUTE, write);
}

/** As {@link rtnetlink}, for any family of netlink (netlink(7)). */
export function netlink(family: number, write: (batch: MessageWriter) => void): Message[] {
  const fd = openNetlink(family);
  try {
    return exchange(fd, write);
  } finally {
    closeFd(fd);
  }
}

/** Opens a netlink socket of a family in the network namespace of this thread. */
export function openNetlink(family: number = NETLINK_ROUTE): number {
  return check(libc().socket(AF_NETLINK, SOCK_RAW_CLOEXEC, family), "socket", "AF_NETLINK");
}

/**
 * As {@link rtnetlink}, by an open socket, for the namespace in which it was opened. After an error
 * that is not {@link isRefusal} the socket may still hold answers: close it then.
 */
export function exchange(fd: number, write: (batch: MessageWriter) => void): Message[] {
  writer.reset();
  write(writer);
  if (writer.count === 0) return [];
  const out = writer.finish();
  const sent = uninterrupted(() => libc().send(fd, out, BigInt(out.length), 0));
  check(sent, "send", "netlink", out.length);
  return receive(fd, writer);
}

/** Whether an error of {@link exchange} is the kernel's refusal, which comes after all answers. */
export function isRefusal(error: unknown): boolean {
  return error instanceof SyscallError && error.call === "netlink";
}

function receive(fd: number, sent: MessageWriter): Message[] {
  const answers: Message[] = [];
  let failure: SyscallError | undefined;
  for (;;) {
    const received = uninterrupted(() => libc().recv(fd, inbox, BigInt(inbox.length), 0));
    const n = check(received, "recv", "netlink");
    for (const message of readMessages(inbox.slice(0, n))) {
      if (message.type === NLMSG_ERROR) {
        const errno = readErrno(message);
        if (errno !== 0) {
          failure ??= new SyscallError("netlink", [sent.describe(message.seq)], errno);
        }
      }
      const last = message.seq === sent.count &&
        (message.type === NLMSG_ERROR || message.type === NLMSG_DONE);
      if (last) {
        if (failure) throw failure;
        return answers;
      }
      if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) answers.push(message);
    }
  }
}
