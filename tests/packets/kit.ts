import type { PacketNode } from "../../lib/packets/mod.ts";

/** Bytes of hexadecimal digits, between which there may be blanks. */
export const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(/\s/g, ""));

/** Repeatable chance. */
export function random(seed: number): () => number {
  return () => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) / 0x80000000;
}

/** A tree as lines: offsets, and children further to the right. */
export function lines(nodes: readonly PacketNode[], depth = 0): string[] {
  return nodes.flatMap(({ label, value, start, end, children }) => [
    `${"  ".repeat(depth)}${label}${value === undefined ? "" : `: ${value}`} [${start}-${end}]`,
    ...lines(children ?? [], depth + 1),
  ]);
}

/** Two bytes of a number as digits. */
export const u16 = (value: number) => value.toString(16).padStart(4, "0");

const MACS = "020000000002 020000000001";

/** An Ethernet frame of IPv4 with a payload, as digits. */
export function ipv4(
  protocol: number,
  payload: string,
  from = "0a000001",
  to = "0a000002",
): string {
  const bytes = payload.replaceAll(/\s/g, "").length / 2;
  const number = protocol.toString(16).padStart(2, "0");
  return `${MACS} 0800 4500 ${u16(20 + bytes)} 0001 0000 40${number} 0000 ${from} ${to} ${payload}`;
}

/** An Ethernet frame of IPv6 with a payload, as digits. */
export function ipv6(next: number, payload: string): string {
  const bytes = payload.replaceAll(/\s/g, "").length / 2;
  const number = next.toString(16).padStart(2, "0");
  return `${MACS} 86dd 60000000 ${u16(bytes)} ${number}40 ` +
    `fd000000000000000000000000000001 fd000000000000000000000000000002 ${payload}`;
}

/** A datagram as digits. */
export function udp(from: number, to: number, payload: string): string {
  const bytes = payload.replaceAll(/\s/g, "").length / 2;
  return `${u16(from)} ${u16(to)} ${u16(8 + bytes)} 0000 ${payload}`;
}

/** A segment with a payload and no options, as digits. */
export function tcp(from: number, to: number, payload: string, flags = "18"): string {
  return `${u16(from)} ${u16(to)} 00000001 00000001 50${flags} 0400 0000 0000 ${payload}`;
}

/** The digits of a text in ASCII. */
export const ascii = (text: string) => new TextEncoder().encode(text).toHex();
