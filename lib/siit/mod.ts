/**
 * Stateless translation of packets between IPv4 and IPv6 (RFC 7915), for NAT64 and 464XLAT. Pure: bytes
 * in, bytes out. Imports `address` and `native`'s base error; knows no TUN. Begin with `translator.ts`,
 * then `four_to_six.ts` and `six_to_four.ts`; `address_map.ts` says what a map of addresses must do.
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
