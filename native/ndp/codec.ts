/**
 * Router discovery messages of Neighbor Discovery (RFC 4861, sections 4.1, 4.2 and 4.6; the name servers
 * of RFC 8106, section 5.1). They begin at the ICMPv6 header, whose checksum the kernel computes and
 * verifies. `socket.ts` sends and receives them.
 *
 * @module
 */

/** The ICMPv6 types that this reads. */
export const ROUTER_SOLICITATION = 133;
export const ROUTER_ADVERTISEMENT = 134;

/** RFC 4861 requires this hop limit, so that no message comes from beyond the link. */
export const HOP_LIMIT = 255;

const SOURCE_LINK_LAYER = 1;
const PREFIX_INFORMATION = 3;
const MTU = 5;
const RECURSIVE_DNS = 25;

const ON_LINK = 0x80;
const AUTONOMOUS = 0x40;
const MANAGED = 0x80;
const OTHER = 0x40;

const ADVERTISEMENT_BYTES = 16;
const SOLICITATION_BYTES = 8;
const PREFIX_BYTES = 32;

/** A prefix information option. */
export interface AdvertisedPrefix {
  /** 16 bytes, of which the first `length` bits count. */
  prefix: Uint8Array;
  /** The length of the prefix, in bits. */
  length: number;
  /** Whether its addresses are on the link (the L flag). */
  onLink: boolean;
  /** Whether hosts form addresses with it (the A flag). */
  autonomous: boolean;
  /** How long its addresses are valid, in seconds; 0xffffffff for no limit. */
  validSecs: number;
  /** How long they are preferred, in seconds. */
  preferredSecs: number;
}

/** A router advertisement. */
export interface RouterAdvertisement {
  /** The hop limit that hosts use; 0 leaves it to them. */
  hopLimit: number;
  /** Whether addresses come by DHCPv6 (the M flag). */
  managed: boolean;
  /** Whether other configuration comes by DHCPv6 (the O flag). */
  other: boolean;
  /** How long it is a default router, in seconds; 0: it is not one. */
  lifetimeSecs: number;
  prefixes: AdvertisedPrefix[];
  /** The MAC address of its interface. */
  mac?: Uint8Array;
  /** The largest packet on the link, in bytes. */
  mtu?: number;
  /** Name servers, 16 bytes each, and how long hosts may use them, in seconds. */
  nameservers?: { addresses: Uint8Array[]; lifetimeSecs: number };
}

/** A router solicitation. */
export interface RouterSolicitation {
  /** The MAC address of its interface; absent if that has no IPv6 address yet. */
  mac?: Uint8Array;
}

/** A message, by its type. */
export type NdpMessage =
  | { kind: "solicitation"; message: RouterSolicitation }
  | { kind: "advertisement"; message: RouterAdvertisement };

/** Appends bytes and numbers in network byte order. */
class Bytes {
  readonly #all: number[] = [];

  u8(...values: number[]): this {
    this.#all.push(...values);
    return this;
  }

  u16(value: number): this {
    return this.u8(value >>> 8 & 0xff, value & 0xff);
  }

  u32(value: number): this {
    return this.u16(value >>> 16).u16(value & 0xffff);
  }

  done(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#all);
  }
}

/** Encodes a router advertisement. */
export function writeAdvertisement(message: RouterAdvertisement): Uint8Array<ArrayBuffer> {
  const { hopLimit, managed, other, lifetimeSecs, prefixes, mac, mtu, nameservers } = message;
  const bytes = new Bytes().u8(ROUTER_ADVERTISEMENT, 0).u16(0)
    .u8(hopLimit, (managed ? MANAGED : 0) | (other ? OTHER : 0)).u16(lifetimeSecs)
    // Reachable time and retransmission timer: unspecified.
    .u32(0).u32(0);
  if (mac) bytes.u8(SOURCE_LINK_LAYER, 1, ...mac);
  if (mtu !== undefined) bytes.u8(MTU, 1).u16(0).u32(mtu);
  for (const { prefix, length, onLink, autonomous, validSecs, preferredSecs } of prefixes) {
    bytes.u8(PREFIX_INFORMATION, 4, length, (onLink ? ON_LINK : 0) | (autonomous ? AUTONOMOUS : 0))
      .u32(validSecs).u32(preferredSecs).u32(0).u8(...prefix);
  }
  if (nameservers && nameservers.addresses.length > 0) {
    const { addresses, lifetimeSecs } = nameservers;
    bytes.u8(RECURSIVE_DNS, 1 + 2 * addresses.length).u16(0).u32(lifetimeSecs);
    for (const address of addresses) bytes.u8(...address);
  }
  return bytes.done();
}

/** Encodes a router solicitation. */
export function writeSolicitation({ mac }: RouterSolicitation = {}): Uint8Array<ArrayBuffer> {
  const bytes = new Bytes().u8(ROUTER_SOLICITATION, 0).u16(0).u32(0);
  if (mac) bytes.u8(SOURCE_LINK_LAYER, 1, ...mac);
  return bytes.done();
}

/**
 * Decodes a message; undefined for other messages and for invalid ones (RFC 4861, sections 6.1.1 and
 * 6.1.2). Skips unknown options, as the RFC requires.
 */
export function readNdp(bytes: Uint8Array): NdpMessage | undefined {
  const [type, code] = bytes;
  if (code !== 0) return undefined;
  if (type === ROUTER_SOLICITATION) {
    const options = readOptions(bytes, SOLICITATION_BYTES);
    if (!options) return undefined;
    const { mac } = options;
    return { kind: "solicitation", message: { ...mac && { mac } } };
  }
  if (type !== ROUTER_ADVERTISEMENT) return undefined;
  const options = readOptions(bytes, ADVERTISEMENT_BYTES);
  if (!options) return undefined;
  const message: RouterAdvertisement = {
    hopLimit: bytes[4],
    managed: (bytes[5] & MANAGED) !== 0,
    other: (bytes[5] & OTHER) !== 0,
    lifetimeSecs: bytes[6] << 8 | bytes[7],
    ...options,
  };
  return { kind: "advertisement", message };
}

type Options = Pick<RouterAdvertisement, "prefixes" | "mac" | "mtu" | "nameservers">;

/** Decodes the options from an offset on; undefined if one is incomplete or has the length 0. */
function readOptions(bytes: Uint8Array, from: number): Options | undefined {
  if (bytes.length < from) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const options: Options = { prefixes: [] };
  for (let at = from; at < bytes.length;) {
    const length = at + 1 < bytes.length ? 8 * bytes[at + 1] : 0;
    if (length === 0 || at + length > bytes.length) return undefined;
    const type = bytes[at];
    if (type === SOURCE_LINK_LAYER) options.mac = bytes.slice(at + 2, at + 8);
    if (type === MTU && length === 8) options.mtu = view.getUint32(at + 4);
    if (type === PREFIX_INFORMATION && length === PREFIX_BYTES) {
      options.prefixes.push({
        prefix: bytes.slice(at + 16, at + 32),
        length: bytes[at + 2],
        onLink: (bytes[at + 3] & ON_LINK) !== 0,
        autonomous: (bytes[at + 3] & AUTONOMOUS) !== 0,
        validSecs: view.getUint32(at + 4),
        preferredSecs: view.getUint32(at + 8),
      });
    }
    if (type === RECURSIVE_DNS && length >= 24 && length % 16 === 8) {
      const addresses: Uint8Array[] = [];
      for (let each = at + 8; each < at + length; each += 16) {
        addresses.push(bytes.slice(each, each + 16));
      }
      options.nameservers = { addresses, lifetimeSecs: view.getUint32(at + 4) };
    }
    at += length;
  }
  return options;
}
