import { ipFromBytes } from "../../address/ip.ts";

const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/** The MAC address at an offset. */
export function macText(bytes: Uint8Array, at: number): string {
  return `${HEX[bytes[at]]}:${HEX[bytes[at + 1]]}:${HEX[bytes[at + 2]]}:${HEX[bytes[at + 3]]}:${
    HEX[bytes[at + 4]]
  }:${HEX[bytes[at + 5]]}`;
}

/** The IPv4 address at an offset. */
export function ip4Text(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** The IPv6 address at an offset. */
export function ip6Text(bytes: Uint8Array, at: number): string {
  return ipFromBytes(bytes.subarray(at, at + 16));
}

/** Bytes as hexadecimal digits, at most so many of them, then `…`. */
export function hexText(bytes: Uint8Array, start: number, end: number, most = 32): string {
  let text = "";
  const stop = Math.min(end, start + most);
  for (let at = start; at < stop; at++) text += HEX[bytes[at]];
  return stop < end ? `${text}…` : text;
}

/**
 * Bytes as text: printable ASCII, and `.` for all else, so that what a program sends never becomes a
 * control character in a terminal or page. At most so many bytes, then `…`.
 */
export function asciiText(bytes: Uint8Array, start: number, end: number, most = 200): string {
  let text = "";
  const stop = Math.min(end, start + most);
  for (let at = start; at < stop; at++) {
    const byte = bytes[at];
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
  }
  return stop < end ? `${text}…` : text;
}

/** A number as 0x and at least so many hexadecimal digits. */
export function hexNumber(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

/** An address and a port, as they are written together. */
export function endpointText(address: string, port: number | undefined): string {
  if (port === undefined || port < 0) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
