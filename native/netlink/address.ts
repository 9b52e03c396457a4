import {
  type Message,
  type MessageWriter,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REPLACE,
  readAttributes,
  readU32,
} from "./codec.ts";

/** Requests of rtnetlink(7) about addresses and neighbour entries. Each is appended to a batch. */

const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
const RTM_NEWNEIGH = 28;
const RTM_DELNEIGH = 29;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
// Skips duplicate address detection: the lab assigns each address once, and the check, which could not
// fail, would take a second for each interface.
const IFA_F_NODAD = 0x02;
const IFA_F_TEMPORARY = 0x01;
const IFA_F_DADFAILED = 0x08;
const IFA_F_DEPRECATED = 0x20;
const IFA_F_TENTATIVE = 0x40;
const IFA_F_PERMANENT = 0x80;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;

const NDA_DST = 1;
const NDA_LLADDR = 2;
const NUD_STALE = 0x04;
const NTF_EXT_LEARNED = 0x10;

/** AF_INET or AF_INET6, by the length of an address. */
export const familyOf = (ip: Uint8Array): number => ip.length === 4 ? 2 : 10;

/** The text of an address, for error messages. */
export function ipText(ip: Uint8Array): string {
  if (ip.length === 4) return ip.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => (ip[2 * i] << 8 | ip[2 * i + 1]).toString(16));
  return groups.join(":").replace(/(^|:)0(:0)+(:|$)/, "::");
}

function addressMessage(
  batch: MessageWriter,
  type: number,
  flags: number,
  index: number,
  ip: Uint8Array,
  prefix: number,
  ipv6Flags: number,
): void {
  const isLinkLocal = ip.length === 16 && ip[0] === 0xfe && (ip[1] & 0xc0) === 0x80;
  const scope = isLinkLocal ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  batch.begin(type, flags, () => `address ${ipText(ip)}/${prefix} on link ${index}`)
    .u8(familyOf(ip)).u8(prefix).u8(0).u8(scope).u32(index)
    .attrBytes(IFA_LOCAL, ip)
    .attrBytes(IFA_ADDRESS, ip);
  if (ip.length === 16) batch.attrU32(IFA_FLAGS, ipv6Flags);
  batch.end();
}

/** Adds an address to an interface. An IPv6 address can be used at once. */
export function addAddress(
  batch: MessageWriter,
  index: number,
  ip: Uint8Array,
  prefix: number,
): void {
  addressMessage(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, ip, prefix, IFA_F_NODAD);
}

/**
 * Adds an address to an interface as a host does: for IPv6, the kernel first checks for about a second
 * whether another node on the link has it (RFC 4862, section 5.4). {@link readAddress} has the result.
 */
export function proposeAddress(
  batch: MessageWriter,
  index: number,
  ip: Uint8Array,
  prefix: number,
): void {
  addressMessage(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, ip, prefix, 0);
}

/** Deletes an address, and with it the routes that it added. */
export function deleteAddress(
  batch: MessageWriter,
  index: number,
  ip: Uint8Array,
  prefix: number,
): void {
  addressMessage(batch, RTM_DELADDR, 0, index, ip, prefix, 0);
}

/** Requests all IPv6 addresses; {@link readAddress} reads the answers. */
export function dumpAddresses(batch: MessageWriter): void {
  batch.begin(RTM_GETADDR, NLM_F_DUMP, "dump IPv6 addresses")
    .u8(10).u8(0).u8(0).u8(0).u32(0)
    .end();
}

/** An IPv6 address of an interface. */
export interface AddressState {
  index: number;
  ip: Uint8Array;
  prefix: number;
  isLinkLocal: boolean;
  /** Whether it has no lifetime, unlike addresses of advertised prefixes. */
  permanent: boolean;
  /** Whether it is a temporary address (RFC 8981). */
  temporary: boolean;
  /** Whether duplicate address detection is in progress. */
  tentative: boolean;
  /** Whether another node has it. */
  duplicate: boolean;
  /** Whether new connections should not use it. */
  deprecated: boolean;
}

/** Reads an answer to {@link dumpAddresses}; undefined for other messages. */
export function readAddress({ type, body }: Message): AddressState | undefined {
  if (type !== RTM_NEWADDR || body[0] !== 10 || body.length < 8) return undefined;
  const attributes = readAttributes(body, 8);
  const ip = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  const wide = attributes.get(IFA_FLAGS);
  if (ip?.length !== 16) return undefined;
  const flags = wide?.length === 4 ? readU32(wide) : body[2];
  return {
    index: readU32(body, 4),
    ip,
    prefix: body[1],
    isLinkLocal: body[3] === RT_SCOPE_LINK,
    permanent: (flags & IFA_F_PERMANENT) !== 0,
    temporary: (flags & IFA_F_TEMPORARY) !== 0,
    tentative: (flags & IFA_F_TENTATIVE) !== 0,
    duplicate: (flags & IFA_F_DADFAILED) !== 0,
    deprecated: (flags & IFA_F_DEPRECATED) !== 0,
  };
}

/**
 * Adds a neighbour entry that is used at once, and follows what the neighbour announces, such as a
 * gratuitous ARP or an unsolicited NA. All namespaces share the kernel's neighbour table, which holds
 * 1,024 learnt entries; those that are learnt externally do not count, and stay.
 *
 * Source: ip-neighbour(8), `nud stale extern_learn`; the kernel's net/core/neighbour.c.
 */
export function addNeighbour(
  batch: MessageWriter,
  index: number,
  ip: Uint8Array,
  mac: Uint8Array,
): void {
  batch.begin(
    RTM_NEWNEIGH,
    NLM_F_CREATE | NLM_F_REPLACE,
    () => `neighbour ${ipText(ip)} on link ${index}`,
  )
    .u8(familyOf(ip)).u8(0).u16(0).u32(index).u16(NUD_STALE).u8(NTF_EXT_LEARNED).u8(0)
    .attrBytes(NDA_DST, ip)
    .attrBytes(NDA_LLADDR, mac)
    .end();
}

/** Deletes a neighbour entry. */
export function deleteNeighbour(batch: MessageWriter, index: number, ip: Uint8Array): void {
  batch.begin(RTM_DELNEIGH, 0, () => `delete neighbour ${ipText(ip)} on link ${index}`)
    .u8(familyOf(ip)).u8(0).u16(0).u32(index).u16(0).u8(0).u8(0)
    .attrBytes(NDA_DST, ip)
    .end();
}
