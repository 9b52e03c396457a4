/**
 * Translation between IPv4 and IPv6, for NAT64 and 464XLAT: packets in, packets out. No I/O.
 *
 * @module
 */

export type { AddressMap } from "./address_map.ts";
export { ClatMap } from "./clat_map.ts";
export { embedV4InNat64, extractV4FromNat64, NAT64_PREFIX, Nat64PrefixError } from "./embed.ts";
export { Nat64Map } from "./nat64_map.ts";
export type { TranslatorOptions } from "./options.ts";
export { Refusal, REFUSAL_NAMES } from "./refusal.ts";
export { Translator, TranslatorOptionError } from "./translator.ts";
export { translateVnetHeader } from "./vnet.ts";
