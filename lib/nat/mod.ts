export * from "./config.ts";
export * from "./ruleset.ts";
