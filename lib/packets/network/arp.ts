import { ip4Text, macText } from "../headers/address_text.ts";
import { etherTypeName } from "../headers/numbers.ts";
import { HARDWARE } from "./link.ts";
import { type FieldReader, hexed, named } from "./reader.ts";

const OPERATIONS: Readonly<Record<number, string>> = { 1: "request", 2: "reply" };

/** Reads ARP (RFC 826). */
export function decodeArp(reader: FieldReader): void {
  reader.open("ARP", (part) => {
    const { bytes, at } = part;
    part.u16("Hardware type", named(HARDWARE));
    const type = part.u16("Protocol type", (value) => etherTypeName(value) ?? hexed(4)(value));
    const hardwareBytes = part.u8("Hardware address length");
    const protocolBytes = part.u8("Protocol address length");
    part.u16("Operation", named(OPERATIONS));
    for (const who of ["Sender", "Target"]) {
      if (hardwareBytes === 6) part.mac(`${who} MAC`);
      else part.hex(`${who} hardware address`, hardwareBytes);
      if (protocolBytes === 4 && type === 0x0800) part.ip4(`${who} IP`);
      else part.hex(`${who} protocol address`, protocolBytes);
    }
    return part.isCut ? undefined : arpInfo(bytes, at, part.end);
  });
}

/** One line about ARP, as Wireshark has it. */
export function arpInfo(bytes: Uint8Array, at: number, end: number): string {
  if (end - at < 28 || bytes[at + 4] !== 6 || bytes[at + 5] !== 4) return "ARP of other addresses";
  const sender = ip4Text(bytes, at + 14);
  const target = ip4Text(bytes, at + 24);
  const operation = bytes[at + 6] << 8 | bytes[at + 7];
  if (operation === 2) return `${sender} is at ${macText(bytes, at + 8)}`;
  if (operation !== 1) return `operation ${operation}`;
  if (sender === target) return `ARP Announcement for ${target}`;
  if (sender === "0.0.0.0") return `Who has ${target}? (ARP Probe)`;
  return `Who has ${target}? Tell ${sender}`;
}
