export * from "./black_hole.ts";
export * from "./config.ts";
export * from "./ruleset.ts";
