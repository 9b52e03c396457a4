import { sendLater } from "../fast.ts";
import { check, closeFd, libc, SyscallError } from "../libc.ts";
import { MessageWriter, NLM_F_ACK, NLMSG_ERROR, readMessages } from "./codec.ts";
import { openNetlink } from "./socket.ts";

/** A request to nf_tables, for what libnftables would have this thread wait for. */

const NETLINK_NETFILTER = 12;
const NFNL_MSG_BATCH_BEGIN = 16;
const NFNL_MSG_BATCH_END = 17;
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_DELTABLE = 2;
const NFTA_TABLE_NAME = 1;
const NFPROTO_NETDEV = 5;

/**
 * Deletes a `netdev` table of the network namespace that this thread is in. The kernel takes some
 * 15 ms, until no processor uses it any more, for which a thread of the pool waits.
 *
 * Source: the kernel's Documentation/netlink/specs/nftables.yaml.
 */
export async function deleteNetdevTable(name: string): Promise<void> {
  const fd = openNetlink(NETLINK_NETFILTER);
  try {
    const request = deletion(name);
    if (await sendLater(fd, request) < 0) {
      throw new SyscallError("send", ["nf_tables", `delete table netdev ${name}`], 0);
    }
    readRefusal(fd, name);
  } finally {
    closeFd(fd);
  }
}

function deletion(name: string): Uint8Array<ArrayBuffer> {
  const batch = new MessageWriter();
  // struct nfgenmsg: family, version, resource in network byte order.
  const generic = (family: number, resource: number) => batch.u8(family).u8(0).u16(resource << 8);
  batch.begin(NFNL_MSG_BATCH_BEGIN, 0, "begin");
  generic(0, NFNL_SUBSYS_NFTABLES);
  batch.end();
  batch.begin(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, NLM_F_ACK, `delete table ${name}`);
  generic(NFPROTO_NETDEV, 0);
  batch.attrString(NFTA_TABLE_NAME, name).end();
  batch.begin(NFNL_MSG_BATCH_END, 0, "end");
  generic(0, NFNL_SUBSYS_NFTABLES);
  return batch.end().take();
}

/** The kernel has answered when send(2) is over. */
function readRefusal(fd: number, name: string): void {
  const inbox = new Uint8Array(8192);
  const length = check(libc().recv(fd, inbox, BigInt(inbox.length), 0), "recv", "nf_tables");
  for (const { type, body } of readMessages(inbox.subarray(0, length))) {
    if (type !== NLMSG_ERROR) continue;
    const errno = -new DataView(body.buffer, body.byteOffset).getInt32(0, true);
    if (errno !== 0) throw new SyscallError("nf_tables", [`delete table netdev ${name}`], errno);
  }
}
