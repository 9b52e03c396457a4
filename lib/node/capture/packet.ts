import { ipFromBytes } from "../../address/mod.ts";
import { type Headers, IP, readHeaders } from "../../packets/headers/headers.ts";

/** A protocol above IP by its name, or by its number if it has none here; or `arp`. */
export type PacketProtocol = "tcp" | "udp" | "icmp" | "icmp6" | "arp" | number;

const PROTOCOLS: Readonly<Record<number, PacketProtocol>> = {
  [IP.icmp]: "icmp",
  [IP.tcp]: "tcp",
  [IP.udp]: "udp",
  [IP.icmp6]: "icmp6",
};
const ARP = 0x0806;

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
  #read: Headers | undefined;

  /** Made by captures, and by {@link PcapReader}. */
  constructor(timestampMs: number, length: number, bytes: Uint8Array, linkType: number) {
    this.timestampMs = timestampMs;
    this.length = length;
    this.bytes = bytes;
    this.linkType = linkType;
  }

  get #headers(): Headers {
    return this.#read ??= readHeaders(this.bytes, this.linkType);
  }

  /** The hardware address of the sender on this link, for example `02:00:00:00:00:01`. */
  get sourceMac(): string | undefined {
    return this.#mac(this.#headers.sourceMacAt);
  }

  /** The hardware address of the receiver on this link; a capture of all interfaces has none. */
  get destinationMac(): string | undefined {
    return this.#mac(this.#headers.destinationMacAt);
  }

  /** What the frame carries, behind its VLAN tags: 0x0800 for IPv4, 0x86dd for IPv6, 0x0806 for ARP. */
  get etherType(): number | undefined {
    return known(this.#headers.etherType);
  }

  /** The sender's IP address; of ARP, the address that the sender says it has. */
  get sourceIp(): string | undefined {
    return this.#ip(this.#headers.sourceIpAt);
  }

  /** The receiver's IP address; of ARP, the address that is asked for. */
  get destinationIp(): string | undefined {
    return this.#ip(this.#headers.destinationIpAt);
  }

  /** The protocol above IP, its number if it has no name here, or `arp`. */
  get protocol(): PacketProtocol | undefined {
    const { etherType, protocol } = this.#headers;
    if (etherType === ARP) return "arp";
    return PROTOCOLS[protocol] ?? known(protocol);
  }

  /** The sender's port, of TCP and UDP; only the first of several fragments has it. */
  get sourcePort(): number | undefined {
    return known(this.#headers.sourcePort);
  }

  /** The receiver's port, of TCP and UDP; only the first of several fragments has it. */
  get destinationPort(): number | undefined {
    return known(this.#headers.destinationPort);
  }

  /** What TCP or UDP carries; of other protocols, and of later fragments, what IP does. */
  get payload(): Uint8Array | undefined {
    const { payloadAt, payloadEnd } = this.#headers;
    return payloadAt < 0 ? undefined : this.bytes.subarray(payloadAt, payloadEnd);
  }

  /** Returns one line: time of day in UTC, addresses, protocol and length. */
  toString(): string {
    const { sourceIp, sourcePort, destinationIp, destinationPort, protocol } = this;
    const time = new Date(this.timestampMs).toISOString().slice(11, 23);
    const from = endpoint(sourceIp ?? this.sourceMac, sourcePort);
    const to = endpoint(destinationIp ?? this.destinationMac, destinationPort);
    return `${time} ${from} > ${to} ${what(protocol, this.etherType)}, ${this.length} bytes`;
  }

  #mac(at: number): string | undefined {
    if (at < 0) return undefined;
    const bytes = [...this.bytes.subarray(at, at + 6)];
    return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
  }

  #ip(at: number): string | undefined {
    if (at < 0) return undefined;
    return ipFromBytes(this.bytes.subarray(at, at + (this.#headers.ipVersion === 6 ? 16 : 4)));
  }
}

/** What headers say with -1 for what is not there. */
function known(value: number): number | undefined {
  return value < 0 ? undefined : value;
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
