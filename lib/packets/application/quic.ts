import { hexText } from "../headers/address_text.ts";
import { type FieldReader, hexed, named } from "../network/reader.ts";

const VERSIONS: Readonly<Record<number, string>> = {
  0: "Version negotiation",
  1: "1",
  0x6b3343cf: "2",
};

const V2 = 0x6b3343cf;
const TYPES = ["Initial", "0-RTT", "Handshake", "Retry"] as const;
/** Packets in one datagram: more are not told. */
const MOST = 8;

/**
 * Reads the QUIC packets of a datagram, as far as they are not encrypted, and returns one line about
 * them.
 *
 * Source: RFC 9000 17, RFC 9369 3.
 */
export function decodeQuic(part: FieldReader): string {
  const said: string[] = [];
  let ids = "";
  for (let count = 0; part.more && count < MOST; count++) {
    const first = part.peek();
    if ((first & 0x80) === 0) {
      // What follows other packets may be padding.
      if (count > 0 && (first & 0x40) === 0) break;
      part.open("Short header", (packet) => {
        packet.u8("First byte", (value) => `${hexed(2)(value)}, spin ${value >> 5 & 1}`);
        packet.rest("Protected payload");
      });
      said.push("Protected Payload");
      break;
    }
    part.open("Long header", (packet) => {
      const long = decodeLong(packet);
      said.push(long.name);
      ids ||= long.ids;
      return `${long.name}${long.ids}`;
    });
  }
  part.rest("Padding");
  return said.join(", ") + ids;
}

function decodeLong(packet: FieldReader): { name: string; ids: string } {
  const first = packet.u8("First byte", hexed(2));
  const version = packet.u32("Version", named(VERSIONS, hexed(8)));
  const ids = ["DCID", "SCID"].map((label) => {
    const length = packet.u8(`${label} length`);
    const { at } = packet;
    packet.hex(label, length);
    return packet.isCut || length === 0
      ? ""
      : `, ${label}=${hexText(packet.bytes, at, at + length)}`;
  }).join("");
  const bits = first >> 4 & 3;
  const type = TYPES[version === V2 ? bits + 3 & 3 : bits];
  if (version === 0) {
    while (packet.left >= 4) packet.u32("Version", named(VERSIONS, hexed(8)));
    return { name: "Version Negotiation", ids };
  }
  packet.node("Type", type, Math.min(packet.at, packet.end), Math.min(packet.at, packet.end));
  if (type === "Retry") {
    packet.data("Retry token", packet.left - 16);
    if (packet.more) packet.hex("Integrity tag", 16);
    return { name: type, ids };
  }
  if (type === "Initial") {
    const token = varint(packet, "Token length");
    if (token > 0) packet.hex("Token", token);
  }
  packet.data("Protected payload", varint(packet, "Length"));
  return { name: type, ids };
}

/** A number of variable length (RFC 9000 16). */
function varint(packet: FieldReader, label: string): number {
  if (!packet.has(1)) return 0;
  const { bytes, at } = packet;
  const size = 1 << (bytes[at] >> 6);
  if (!packet.has(size)) return 0;
  let value = bytes[at] & 0x3f;
  for (let i = 1; i < size; i++) value = value * 256 + bytes[at + i];
  packet.node(label, String(value), at, at + size);
  packet.at += size;
  return value;
}
