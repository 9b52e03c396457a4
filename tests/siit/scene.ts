import { assert } from "@std/assert";
import { Nat64Map, REFUSAL_NAMES, Translator, type TranslatorOptions } from "../../lib/siit/mod.ts";
import { v6Bytes } from "../../lib/siit/embed.ts";

/** The IPv6 host, its IPv4 address, and the IPv4 server with its IPv6 address. */
export const HOST6 = "2001:db8::10";
export const HOST4 = "10.64.0.2";
export const SERVER4 = "198.51.100.1";
export const SERVER6 = "64:ff9b::c633:6401";
/** The addresses of the translator. */
export const ROUTER4 = "10.64.0.1";
export const ROUTER6 = "2001:db8::1";

/** A buffer for any result. */
export const ROOM = 73_728;

/** A NAT64 whose first host has an address. */
export function nat64(options: Partial<TranslatorOptions> = {}): Translator {
  const map = new Nat64Map("10.64.0.0/24", { reserved: [ROUTER4] });
  map.v4OfSource(v6Bytes(HOST6), 0, false);
  return new Translator({ map, address4: ROUTER4, address6: ROUTER6, ...options });
}

/** Translates a packet of either family; returns the name of a refusal. */
export function translated(translator: Translator, packet: Uint8Array): Uint8Array | string {
  const out = new Uint8Array(ROOM);
  const length = packet[0] >> 4 === 4
    ? translator.translate4to6(packet, packet.length, out)
    : translator.translate6to4(packet, packet.length, out);
  return length < 0 ? REFUSAL_NAMES[-length] : out.slice(0, length);
}

/** As {@link translated}, for a packet that must pass. */
export function passed(translator: Translator, packet: Uint8Array): Uint8Array {
  const result = translated(translator, packet);
  assert(typeof result !== "string", `refused: ${result}`);
  return result;
}

/** The packets into which one was fragmented. */
export function pieces(translator: Translator, bytes: Uint8Array, gap = 0): Uint8Array[] {
  const { stride } = translator;
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += stride) {
    found.push(bytes.subarray(at + gap, Math.min(at + stride, bytes.length)));
  }
  return found;
}
