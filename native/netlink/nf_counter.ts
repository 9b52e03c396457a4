import { readAttributes } from "./codec.ts";
import { exchange } from "./socket.ts";

const NFNL_SUBSYS_NFTABLES = 10 << 8;
const NFT_MSG_GETOBJ = 19;
/** The families of tables: NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6. */
const FAMILIES = { inet: 1, ip: 2, ip6: 10 } as const;
const NFTA_OBJ_TABLE = 1;
const NFTA_OBJ_NAME = 2;
const NFTA_OBJ_TYPE = 3;
const NFTA_OBJ_DATA = 4;
const NFT_OBJECT_COUNTER = 1;
const NFTA_COUNTER_BYTES = 1;
const NFTA_COUNTER_PACKETS = 2;
/** struct nfgenmsg */
const HEADER_BYTES = 4;

/** What a counter of nftables has counted. */
export interface NfCounter {
  packets: number;
  bytes: number;
}

/**
 * Reads a named counter of a table. `fd` is a netlink socket of the family `NETLINK_NETFILTER` in its
 * namespace.
 *
 * Source: nft(8), "STATEFUL OBJECTS"; the kernel's Documentation/netlink/specs/nftables.yaml.
 *
 * @throws {SyscallError} If there is no such table or counter (ENOENT).
 */
export function readNfCounter(
  fd: number,
  family: keyof typeof FAMILIES,
  table: string,
  name: string,
): NfCounter {
  const [answer] = exchange(fd, (batch) => {
    const what = `counter ${name} of table ${family} ${table}`;
    batch.begin(NFNL_SUBSYS_NFTABLES | NFT_MSG_GETOBJ, 0, what).u8(FAMILIES[family]).u8(0).u16(0);
    batch.attrString(NFTA_OBJ_TABLE, table).attrString(NFTA_OBJ_NAME, name);
    batch.attrBytes(NFTA_OBJ_TYPE, Uint8Array.of(0, 0, 0, NFT_OBJECT_COUNTER)).end();
  });
  const data = answer && readAttributes(answer.body, HEADER_BYTES).get(NFTA_OBJ_DATA);
  const attributes = data ? readAttributes(data, 0) : new Map<number, Uint8Array>();
  const counter = (type: number) => {
    const value = attributes.get(type);
    return value ? Number(new DataView(value.buffer, value.byteOffset, 8).getBigUint64(0)) : 0;
  };
  return { packets: counter(NFTA_COUNTER_PACKETS), bytes: counter(NFTA_COUNTER_BYTES) };
}
