import { type PacketFields, type PacketProtocol, readPacket } from "./packet_fields.ts";

/**
 * A captured packet. Its headers are decoded on first use; fields of a missing, damaged or cut header are
 * undefined.
 */
export class CapturedPacket {
  /** When it was seen, in milliseconds since 1970, with a fraction. */
  readonly timestampMs: number;
  /** Its bytes on the wire, of which fewer may be captured. */
  readonly length: number;
  /** What was captured of it, from the link header on. */
  readonly bytes: Uint8Array;
  /** What it begins with: 1 for Ethernet, 276 for what a capture of all interfaces has (Linux SLL2). */
  readonly linkType: number;
  #fields: PacketFields | undefined;

  /** Made by captures, and by {@link PcapReader}. */
  constructor(timestampMs: number, length: number, bytes: Uint8Array, linkType: number) {
    this.timestampMs = timestampMs;
    this.length = length;
    this.bytes = bytes;
    this.linkType = linkType;
  }

  get #read(): PacketFields {
    return this.#fields ??= readPacket(this.bytes, this.linkType);
  }

  /** The hardware address of the sender on this link, for example `02:00:00:00:00:01`. */
  get sourceMac(): string | undefined {
    return this.#read.sourceMac;
  }

  /** The hardware address of the receiver on this link; a capture of all interfaces has none. */
  get destinationMac(): string | undefined {
    return this.#read.destinationMac;
  }

  /** What the frame carries, behind its VLAN tags: 0x0800 for IPv4, 0x86dd for IPv6, 0x0806 for ARP. */
  get etherType(): number | undefined {
    return this.#read.etherType;
  }

  /** The sender's IP address; of ARP, the address that the sender says it has. */
  get sourceIp(): string | undefined {
    return this.#read.sourceIp;
  }

  /** The receiver's IP address; of ARP, the address that is asked for. */
  get destinationIp(): string | undefined {
    return this.#read.destinationIp;
  }

  /** The protocol above IP, its number if it has no name here, or `arp`. */
  get protocol(): PacketProtocol | undefined {
    return this.#read.protocol;
  }

  /** The sender's port, of TCP and UDP; only the first of several fragments has it. */
  get sourcePort(): number | undefined {
    return this.#read.sourcePort;
  }

  /** The receiver's port, of TCP and UDP; only the first of several fragments has it. */
  get destinationPort(): number | undefined {
    return this.#read.destinationPort;
  }

  /** What TCP or UDP carries; of other protocols, and of later fragments, what IP does. */
  get payload(): Uint8Array | undefined {
    return this.#read.payload;
  }

  /** Returns one line: time of day in UTC, addresses, protocol and length. */
  toString(): string {
    const { sourceIp, sourcePort, destinationIp, destinationPort, protocol } = this.#read;
    const time = new Date(this.timestampMs).toISOString().slice(11, 23);
    const from = endpoint(sourceIp ?? this.sourceMac, sourcePort);
    const to = endpoint(destinationIp ?? this.destinationMac, destinationPort);
    return `${time} ${from} > ${to} ${what(protocol, this.etherType)}, ${this.length} bytes`;
  }
}

function endpoint(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return "?";
  if (port === undefined) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function what(protocol: PacketProtocol | undefined, etherType: number | undefined): string {
  if (typeof protocol === "string") return protocol;
  if (protocol !== undefined) return `IP protocol ${protocol}`;
  return etherType === undefined
    ? "unknown"
    : `EtherType 0x${etherType.toString(16).padStart(4, "0")}`;
}
