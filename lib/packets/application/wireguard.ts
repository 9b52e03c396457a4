import { type FieldReader, hexed, named } from "../network/reader.ts";

const TYPES: Readonly<Record<number, string>> = {
  1: "Handshake Initiation",
  2: "Handshake Response",
  3: "Cookie Reply",
  4: "Transport Data",
};

/** Reads a message of WireGuard, and returns one line about it (wireguard.com/protocol). */
export function decodeWireguard(part: FieldReader): string {
  const type = part.u8("Type", named(TYPES));
  part.hex("Reserved", 3);
  let info = TYPES[type] ?? `Type ${type}`;
  if (type === 1 || type === 2) info += `, sender=${hexed(8)(part.u32le("Sender", hexed(8)))}`;
  if (type !== 1) info += `, receiver=${hexed(8)(part.u32le("Receiver", hexed(8)))}`;
  if (type === 4) {
    if (part.has(8)) {
      const view = new DataView(part.bytes.buffer, part.bytes.byteOffset + part.at, 8);
      const counter = String(view.getBigUint64(0, true));
      part.node("Counter", counter, part.at, part.at + 8);
      part.at += 8;
      info += `, counter=${counter}, datalen=${Math.max(0, part.left - 16)}`;
    }
    part.rest("Encrypted packet");
  } else if (type === 3) {
    part.hex("Nonce", 24);
    part.hex("Encrypted cookie", 32);
  } else {
    part.hex("Ephemeral key", 32);
    if (type === 1) {
      part.hex("Encrypted static key", 48);
      part.hex("Encrypted timestamp", 28);
    } else part.hex("Encrypted nothing", 16);
    part.hex("MAC 1", 16);
    part.hex("MAC 2", 16);
  }
  return info;
}
