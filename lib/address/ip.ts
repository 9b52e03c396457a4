import { NetyardError } from "../../native/error.ts";

/** The version of the Internet Protocol that an address belongs to. */
export type IpFamily = 4 | 6;

/** The bits of an address of each family. */
export const IP_BITS: Readonly<Record<IpFamily, number>> = { 4: 32, 6: 128 };

/** A text is not an address; the message says what is wrong with it. */
export class InvalidAddressError extends NetyardError {}

/** An address as a number. */
export class IpAddress {
  /** 4 or 6. */
  readonly family: IpFamily;
  /** The address in network order: `0n` to 2^32 - 1, or to 2^128 - 1. */
  readonly value: bigint;

  /**
   * Makes the address of a family and a number.
   *
   * @throws {InvalidAddressError} If the value does not fit the family.
   */
  constructor(family: IpFamily, value: bigint) {
    if (value < 0n || value >> BigInt(IP_BITS[family]) !== 0n) {
      throw new InvalidAddressError(
        `${value} is not an IPv${family} address: it must be from 0 to 2^${IP_BITS[family]} - 1`,
      );
    }
    this.family = family;
    this.value = value;
  }

  /** The address as {@linkcode formatIp} writes it. */
  toString(): string {
    return formatIp(this);
  }
}

/**
 * Reads an address.
 *
 * IPv4 is four decimal octets without leading zeros: `1.2.3` and octal, as of `inet_aton`, are refused.
 * IPv6 is any form of {@link https://www.rfc-editor.org/rfc/rfc4291#section-2.2 | RFC 4291 2.2},
 * without a zone.
 *
 * @throws {InvalidAddressError} If the text is anything else.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseIp("10.0.0.1").value, 0x0a000001n);
 * assertEquals(String(parseIp("2001:DB8:0:0::1")), "2001:db8::1");
 * ```
 */
export function parseIp(text: string): IpAddress {
  const v4 = readV4(text, 0);
  if (v4 >= 0) return new IpAddress(4, BigInt(v4));
  const bytes = ipBytes(text);
  const view = new DataView(bytes.buffer);
  return new IpAddress(6, view.getBigUint64(0) << 64n | view.getBigUint64(8));
}

/**
 * Returns an address in network byte order: 4 bytes or 16.
 *
 * @throws {InvalidAddressError} As {@linkcode parseIp}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ipBytes("10.0.0.1"), new Uint8Array([10, 0, 0, 1]));
 * assertEquals(ipBytes("fe80::1").length, 16);
 * ```
 */
export function ipBytes(text: string): Uint8Array<ArrayBuffer> {
  // Called for every route and address of a lab: one scan, and no allocation but the result.
  const v4 = readV4(text, 0);
  const bytes = new Uint8Array(v4 >= 0 ? 4 : 16);
  if (v4 >= 0) writeV4(bytes, 0, v4);
  else if (!readV6(text, bytes)) {
    throw new InvalidAddressError(`${JSON.stringify(text)} is not an IP address: ${fault(text)}`);
  }
  return bytes;
}

/**
 * Returns the text of an address in network byte order, the inverse of {@linkcode ipBytes}.
 *
 * @throws {InvalidAddressError} If there are neither 4 nor 16 bytes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ipFromBytes(new Uint8Array([10, 0, 0, 1])), "10.0.0.1");
 * ```
 */
export function ipFromBytes(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) {
    throw new InvalidAddressError(
      `${bytes.length} bytes are not an IP address: IPv4 has 4 and IPv6 has 16`,
    );
  }
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(bytes[at] << 8 | bytes[at + 1]);
  return formatGroups(groups);
}

/**
 * Returns the text of an address: dotted octets, or the canonical form of
 * {@link https://www.rfc-editor.org/rfc/rfc5952 | RFC 5952}.
 *
 * IPv4-mapped addresses end in dotted octets, as `inet_ntop(3)` writes them, and so iproute2 and Deno;
 * addresses of NAT64 do not, as there.
 *
 * @throws {InvalidAddressError} If the value does not fit the family.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatIp({ family: 4, value: 0xc0a80001n }), "192.168.0.1");
 * assertEquals(formatIp({ family: 6, value: 1n }), "::1");
 * assertEquals(formatIp(parseIp("0:0:0:0:0:ffff:a00:1")), "::ffff:10.0.0.1");
 * ```
 */
export function formatIp(address: { family: IpFamily; value: bigint }): string {
  const { family, value } = address instanceof IpAddress
    ? address
    : new IpAddress(address.family, address.value);
  if (family === 4) return dotted(Number(value));
  const groups: number[] = [];
  for (let shift = 96n; shift >= 0n; shift -= 32n) {
    const word = Number(BigInt.asUintN(32, value >> shift));
    groups.push(word >>> 16, word & 0xffff);
  }
  return formatGroups(groups);
}

/**
 * Whether {@linkcode parseIp} reads the text as IPv4.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isIpv4("10.0.0.1") && !isIpv4("010.0.0.1") && !isIpv4("::1"));
 * ```
 */
export function isIpv4(text: string): boolean {
  return readV4(text, 0) >= 0;
}

/**
 * Whether {@linkcode parseIp} reads the text as IPv6.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isIpv6("fe80::1") && !isIpv6("fe80::1%eth0") && !isIpv6("10.0.0.1"));
 * ```
 */
export function isIpv6(text: string): boolean {
  return readV6(text, new Uint8Array(16));
}

const DOT = 0x2e;
const COLON = 0x3a;

/** Returns the number of the dotted quad from `start` to the end of the text, or -1. */
function readV4(text: string, start: number): number {
  let value = 0;
  let octet = -1;
  let dots = 0;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (octet < 0 || ++dots > 3) return -1;
      value = value * 256 + octet;
      octet = -1;
    } else {
      const digit = code - 0x30;
      // A digit after a zero would make it a leading zero, which inet_aton(3) reads as octal.
      if (digit < 0 || digit > 9 || octet === 0) return -1;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return -1;
    }
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : -1;
}

/** Fills the 16 zero bytes of `out`; returns false, perhaps after writing, if the text is not IPv6. */
function readV6(text: string, out: Uint8Array): boolean {
  const end = text.length;
  let at = 0;
  let gap = -1; // the place of "::"
  let i = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false;
    gap = 0;
    i = 2;
  }
  while (i < end) {
    const start = i;
    let group = 0;
    for (let digit; i < end && (digit = hexDigit(text.charCodeAt(i))) >= 0; i++) {
      group = group << 4 | digit;
    }
    if (text.charCodeAt(i) === DOT) {
      const v4 = at <= 12 ? readV4(text, start) : -1;
      if (v4 < 0) return false;
      writeV4(out, at, v4);
      at += 4;
      break;
    }
    if (i === start || i - start > 4 || at === 16) return false;
    out[at++] = group >> 8;
    out[at++] = group & 0xff;
    if (i === end) break;
    if (text.charCodeAt(i++) !== COLON || i === end) return false;
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return false;
      gap = at;
      i++;
    }
  }
  if (gap < 0) return at === 16;
  if (at === 16) return false; // "::" stands for at least one group (RFC 4291 2.2)
  const tail = 16 - (at - gap);
  out.copyWithin(tail, gap, at);
  out.fill(0, gap, tail);
  return true;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function writeV4(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

function dotted(value: number): string {
  return `${value >>> 24}.${value >>> 16 & 255}.${value >>> 8 & 255}.${value & 255}`;
}

function formatGroups(groups: number[]): string {
  const { start, length } = longestZeroRun(groups);
  if (start === 0 && length === 5 && groups[5] === 0xffff) {
    return `::ffff:${dotted((groups[6] << 16 | groups[7]) >>> 0)}`;
  }
  const hex = groups.map((group) => group.toString(16));
  // A single zero group stays as it is (RFC 5952 4.2.2).
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

/** The first of the longest runs of zero groups (RFC 5952 4.2.3). */
function longestZeroRun(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
    start += length;
  }
  return best;
}

/** Explains why a text is not an address. */
function fault(text: string): string {
  if (text === "") return "it is empty";
  if (text.trim() !== text) return "it has spaces around it";
  if (text.includes("/")) return "it has a prefix length; leave that out";
  if (text.includes("%")) return "it has a zone; leave that out";
  return text.includes(":") ? faultV6(text) : faultV4(text);
}

function faultV4(text: string): string {
  const octets = text.split(".");
  if (!/^[\d.]+$/.test(text)) return "write it like 10.0.0.1 or 2001:db8::1";
  for (const octet of octets) {
    if (octet === "") return "an octet is empty";
    if (/^0\d/.test(octet)) return `octet ${octet} has a leading zero; write ${Number(octet)}`;
    if (Number(octet) > 255) return `octet ${octet} is over 255`;
  }
  return `IPv4 has 4 octets, not ${octets.length}`;
}

function faultV6(text: string): string {
  if (text.split("::").length > 2 || text.includes(":::")) return `it has more than one "::"`;
  const groups = text.split(":").filter((group) => group !== "");
  const quad = groups.findIndex((group) => group.includes("."));
  if (quad >= 0) {
    if (!text.endsWith(groups.at(-1)!) || quad < groups.length - 1) {
      return "dotted octets can only be at the end";
    }
    if (!isIpv4(groups[quad])) return faultV4(groups[quad]);
  }
  for (const group of groups) {
    if (/^[\da-f]{5,}$/i.test(group)) return `group ${group} has more than 4 digits`;
    if (/[^\da-f.]/i.test(group)) return `group ${group} is not hexadecimal`;
  }
  const count = groups.length + (quad < 0 ? 0 : 1);
  const elided = text.includes("::");
  if (elided && count > 7) {
    return `"::" stands for at least one of the 8 groups, and ${count} are given`;
  }
  if (!elided && count !== 8) return `IPv6 has 8 groups, not ${count}`;
  return "it starts or ends with a single colon";
}
