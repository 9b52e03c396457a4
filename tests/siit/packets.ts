/** Builds packets byte by byte, with its own checksum: it shares no code with the translator. */
import { ipBytes } from "../../lib/address/mod.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

/** The protocols whose checksum covers a pseudo header, and its offset. */
export const CHECKSUM_AT: Readonly<Record<number, number>> = { 6: 16, 17: 6, 33: 6, 136: 6 };

export function bytesOf(hex: string): Bytes {
  const digits = hex.replace(/\s/g, "");
  return Uint8Array.from(
    { length: digits.length / 2 },
    (_, index) => parseInt(digits.slice(index * 2, index * 2 + 2), 16),
  );
}

export function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function join(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The algorithm of RFC 1071: adds words, and each carry at once. */
export function onesSum(...parts: Uint8Array[]): number {
  const bytes = join(...parts);
  let total = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    total += bytes[at] * 256 + (at + 1 < bytes.length ? bytes[at + 1] : 0);
    if (total > 0xffff) total -= 0xffff;
  }
  return total;
}

export function word(value: number): Bytes {
  return new Uint8Array([value >> 8, value]);
}

export function long(value: number): Bytes {
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
}

/** The pseudo header of addresses of one family. */
export function pseudo(src: Uint8Array, dst: Uint8Array, protocol: number, length: number): Bytes {
  return src.length === 4
    ? join(src, dst, new Uint8Array([0, protocol]), word(length))
    : join(src, dst, long(length), new Uint8Array([0, 0, 0, protocol]));
}

/** A transport header and its data with the correct checksum between two addresses. */
export function sealed(src: string, dst: string, protocol: number, payload: Uint8Array): Bytes {
  const out = payload.slice() as Bytes;
  const at = protocol === 1 || protocol === 58 ? 2 : CHECKSUM_AT[protocol];
  if (at === undefined) return out;
  out.set([0, 0], at);
  const header = protocol === 1
    ? new Uint8Array()
    : pseudo(ipBytes(src), ipBytes(dst), protocol, out.length);
  let checksum = 0xffff - onesSum(header, out);
  if (checksum === 0 && (protocol === 17 || protocol === 136)) checksum = 0xffff;
  out.set(word(checksum), at);
  return out;
}

export interface Ip4 {
  src: string;
  dst: string;
  protocol: number;
  payload: Uint8Array;
  ttl?: number;
  tos?: number;
  id?: number;
  df?: boolean;
  mf?: boolean;
  /** In units of 8 bytes. */
  offset?: number;
  options?: Uint8Array;
}

export function ip4(p: Ip4): Bytes {
  const options = p.options ?? new Uint8Array();
  const flags = (p.df ? 0x4000 : 0) | (p.mf ? 0x2000 : 0) | (p.offset ?? 0);
  const header = join(
    new Uint8Array([0x40 | 5 + options.length / 4, p.tos ?? 0]),
    word(20 + options.length + p.payload.length),
    word(p.id ?? 0),
    word(flags),
    new Uint8Array([p.ttl ?? 64, p.protocol, 0, 0]),
    ipBytes(p.src),
    ipBytes(p.dst),
    options,
  );
  header.set(word(0xffff - onesSum(header)), 10);
  return join(header, p.payload);
}

export interface Ip6 {
  src: string;
  dst: string;
  protocol: number;
  payload: Uint8Array;
  hops?: number;
  trafficClass?: number;
  flow?: number;
  /** Extension headers: their number, and their bytes, the first of which is filled in. */
  extensions?: [number, Uint8Array][];
  /** The offset is in units of 8 bytes. */
  fragment?: { offset: number; more: boolean; id: number };
}

export function ip6(p: Ip6): Bytes {
  const chain = (p.extensions ?? []).map(([type, bytes]): [number, Bytes] => [
    type,
    bytes.slice() as Bytes,
  ]);
  if (p.fragment) {
    const { offset, more, id } = p.fragment;
    chain.push([44, join(new Uint8Array(2), word(offset << 3 | Number(more)), long(id))]);
  }
  chain.forEach(([, bytes], index) => bytes[0] = chain[index + 1]?.[0] ?? p.protocol);
  const rest = join(...chain.map(([, bytes]) => bytes), p.payload);
  const first = 0x60000000 + (p.trafficClass ?? 0) * 2 ** 20 + (p.flow ?? 0);
  return join(
    long(first),
    word(rest.length),
    new Uint8Array([chain[0]?.[0] ?? p.protocol, p.hops ?? 64]),
    ipBytes(p.src),
    ipBytes(p.dst),
    rest,
  );
}

export function udp(from: number, to: number, data: Uint8Array): Bytes {
  return join(word(from), word(to), word(8 + data.length), word(0), data);
}

export function tcp(from: number, to: number, data: Uint8Array, seq = 1): Bytes {
  return join(
    word(from),
    word(to),
    long(seq),
    long(2),
    bytesOf("5018 2000 0000 0000"),
    data,
  );
}

/** An ICMP message: type, code, the four bytes after the checksum, and the rest. */
export function icmp(type: number, code: number, value: number, data: Uint8Array): Bytes {
  return join(new Uint8Array([type, code, 0, 0]), long(value), data);
}
