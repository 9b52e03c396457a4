/**
 * IPv4 NAT, IPv6 masquerade and NPTv6 of a router: options, presets, and the nftables text that
 * implements them, from plain data. Imports `native/` alone and knows no lab. Begin with
 * `config.ts` (the options), then `ruleset.ts` (the mappings).
 *
 * @module
 */

export * from "./config.ts";
export * from "./config_v6.ts";
export * from "./ruleset.ts";
export * from "./ruleset_v6.ts";
