/**
 * Packet filters of routers and hosts: firewalls, broken address families and path-MTU black holes.
 * Options, and the nftables text that implements them, from plain data. Imports `address` and knows
 * no lab. Begin with `config.ts`.
 *
 * @module
 */

export * from "./black_hole.ts";
export * from "./broken_family.ts";
export * from "./config.ts";
export * from "./ruleset.ts";
