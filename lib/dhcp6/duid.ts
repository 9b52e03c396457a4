import { macBytes } from "../address/mod.ts";

/** Returns the DUID-LL of an Ethernet address (RFC 8415, section 11.4). */
export function duidOf(mac: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(0, 3, 0, 1, ...macBytes(mac));
}

/** Whether two DUIDs are equal. They are opaque: only their bytes count. */
export function sameDuid(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && a.length === b.length &&
    a.every((byte, i) => byte === b[i]);
}

/** Returns a DUID as text, for keys of maps. */
export function duidText(duid: Uint8Array): string {
  return [...duid].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
