import { closeLater, sendLater } from "../fast.ts";
import { libc, SyscallError } from "../libc.ts";
import {
  MessageWriter,
  NLM_F_ACK,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLMSG_ERROR,
  readErrno,
  readMessages,
} from "./codec.ts";
import { NETLINK_NETFILTER, openNetlink } from "./socket.ts";

/**
 * Requests to nf_tables for which libnftables would block this thread: it reads all rules of a namespace
 * before it adds one, and the kernel takes 15 ms to delete some.
 *
 * Source: the kernel's Documentation/netlink/specs/nftables.yaml.
 */

const NFNL_MSG_BATCH_BEGIN = 16;
const NFNL_MSG_BATCH_END = 17;
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_NEWTABLE = 0;
const NFT_MSG_DELTABLE = 2;
const NFT_MSG_NEWCHAIN = 3;
const NFT_MSG_NEWRULE = 6;
const NFPROTO_NETDEV = 5;
const NF_NETDEV_EGRESS = 1;
const NF_ACCEPT = 1;
const NFT_REG_1 = 1;
const NFT_META_MARK = 3;
const NFT_CMP_NEQ = 1;
const MSG_DONTWAIT = 0x40;

const CHAIN = "egress";

/** Begins a message to nf_tables about the family `netdev`. */
function begin(batch: MessageWriter, type: number, flags: number, what: string): void {
  batch.begin(NFNL_SUBSYS_NFTABLES << 8 | type, flags, what).u8(NFPROTO_NETDEV).u8(0).u16(0);
}

/** A transaction of the requests that `write` appends: all or nothing. */
function transaction(write: (batch: MessageWriter) => void): Uint8Array<ArrayBuffer> {
  const batch = new MessageWriter();
  // struct nfgenmsg: family, version, and the subsystem in network byte order.
  const end = (type: number) => batch.begin(type, 0, "").u8(0).u8(0).u16(10 << 8).end();
  end(NFNL_MSG_BATCH_BEGIN);
  write(batch);
  return end(NFNL_MSG_BATCH_END).take();
}

/** Writes an attribute in network byte order, as nf_tables requires. */
function attr(batch: MessageWriter, type: number, value: number): void {
  batch.attrBytes(type, new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]));
}

/** Writes the value of a register, which is in the byte order of the host. */
function data(batch: MessageWriter, type: number, value: number): void {
  const NFTA_DATA_VALUE = 1;
  batch.nest(type, () => batch.attrBytes(NFTA_DATA_VALUE, bytes(value)));
}

const bytes = (value: number) => new Uint8Array(new Uint32Array([value]).buffer);

/**
 * Writes a table that redirects every packet that would leave by a link to another link, except those
 * with `mark`: `netdev` egress (since Linux 5.16).
 *
 * @internal
 */
export function egressTable(
  batch: MessageWriter,
  table: string,
  { device, mark, target }: EgressRule,
): void {
  begin(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, `add table ${table}`);
  batch.attrString(1, table).end();
  begin(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, `add chain ${table} ${CHAIN}`);
  batch.attrString(1, table).attrString(3, CHAIN);
  batch.nest(4, () => {
    attr(batch, 1, NF_NETDEV_EGRESS);
    attr(batch, 2, 0); // The priority.
    batch.attrString(3, device);
  });
  attr(batch, 5, NF_ACCEPT);
  batch.attrString(7, "filter").end();
  begin(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK, `add rule ${table}`);
  batch.attrString(1, table).attrString(2, CHAIN);
  const expression = (name: string, body: () => void) =>
    batch.nest(1, () => batch.attrString(1, name).nest(2, body));
  batch.nest(4, () => {
    expression("meta", () => {
      attr(batch, 1, NFT_REG_1);
      attr(batch, 2, NFT_META_MARK);
    });
    expression("cmp", () => {
      attr(batch, 1, NFT_REG_1);
      attr(batch, 2, NFT_CMP_NEQ);
      data(batch, 3, mark);
    });
    expression("immediate", () => {
      attr(batch, 1, NFT_REG_1);
      data(batch, 2, target);
    });
    expression("fwd", () => attr(batch, 1, NFT_REG_1));
  });
  batch.end();
}

/** The rule of {@link egressTable}. */
export interface EgressRule {
  /** The name of the link. */
  device: string;
  /** The mark of the packets that it does not redirect (SO_MARK in socket(7)). */
  mark: number;
  /** The index of the other link. */
  target: number;
}

/**
 * Adds a table of {@link egressTable} in the network namespace of this thread. It is active when the
 * call returns; `onClosing` gets a promise that resolves when the socket is closed.
 */
export function addEgressTable(
  table: string,
  rule: EgressRule,
  onClosing: (closed: Promise<void>) => void,
): void {
  const fd = openNetlink(NETLINK_NETFILTER);
  try {
    const request = transaction((batch) => egressTable(batch, table, rule));
    const sent = Number(libc().send(fd, request, BigInt(request.length), 0));
    if (sent < 0) throw refusal(`add table netdev ${table}`, 0);
    readRefusal(fd, `add table netdev ${table}`);
  } finally {
    // The kernel first finishes all earlier requests, of any process.
    onClosing(closeLater(fd));
  }
}

/**
 * Deletes `netdev` tables of the network namespace of this thread, all or none. A thread of the pool
 * waits some 15 ms for the kernel, until no processor uses the tables any more.
 */
export async function deleteNetdevTables(tables: string[]): Promise<void> {
  const fd = openNetlink(NETLINK_NETFILTER);
  try {
    const request = transaction((batch) => {
      for (const table of tables) {
        begin(batch, NFT_MSG_DELTABLE, NLM_F_ACK, `delete table ${table}`);
        batch.attrString(1, table).end();
      }
    });
    if (await sendLater(fd, request) < 0) throw refusal(`delete tables ${tables}`, 0);
    readRefusal(fd, `delete tables ${tables}`);
  } finally {
    await closeLater(fd);
  }
}

/** Throws the kernel's refusal, if there is one; the kernel has answered when send(2) returns. */
function readRefusal(fd: number, what: string): void {
  const inbox = new Uint8Array(8192);
  for (;;) {
    const length = Number(libc().recv(fd, inbox, BigInt(inbox.length), MSG_DONTWAIT));
    if (length <= 0) return;
    for (const message of readMessages(inbox.subarray(0, length))) {
      if (message.type !== NLMSG_ERROR) continue;
      const errno = readErrno(message);
      if (errno !== 0) throw refusal(what, errno);
    }
  }
}

const refusal = (what: string, errno: number) => new SyscallError("nf_tables", [what], errno);
