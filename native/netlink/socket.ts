import { check, closeFd, libc, SyscallError, uninterrupted } from "../libc.ts";
import { type Message, MessageWriter, NLMSG_DONE, NLMSG_ERROR, readMessages } from "./codec.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0x80000;
const NETLINK_ROUTE = 0;

// One of each for the thread: every call is synchronous and leaves them free.
const writer = new MessageWriter();
const inbox = new Uint8Array(65536);

/**
 * Sends what `write` puts into the batch to the network namespace that the
 * calling thread is in, as one datagram, and waits until the kernel did it all.
 *
 * The kernel carries on after a message that fails; the first failure is thrown.
 */
export function rtnetlink(write: (batch: MessageWriter) => void): Message[] {
  return netlink(NETLINK_ROUTE, write);
}

/** As {@link rtnetlink}, to any of netlink's families (netlink(7)). */
export function netlink(family: number, write: (batch: MessageWriter) => void): Message[] {
  const fd = openNetlink(family);
  try {
    return exchange(fd, write);
  } finally {
    closeFd(fd);
  }
}

/** A socket of one of netlink's families, to the namespace that the calling thread is in. */
export function openNetlink(family: number = NETLINK_ROUTE): number {
  return check(libc().socket(AF_NETLINK, SOCK_RAW_CLOEXEC, family), "socket", "AF_NETLINK");
}

/**
 * As {@link rtnetlink}, by an open socket, to the namespace in which it was opened. After an error
 * that is no refusal of the kernel's, answers may be left in it: close it then.
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

/** Whether an error is the kernel's refusal of what {@link exchange} asked, after all its answers. */
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
        const errno = -new DataView(message.body.buffer, message.body.byteOffset).getInt32(0, true);
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
