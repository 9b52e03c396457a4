export * from "./black_hole.ts";
export * from "./broken_family.ts";
export * from "./config.ts";
export * from "./ruleset.ts";
