export * from "./config.ts";
export * from "./config_v6.ts";
export * from "./ruleset.ts";
export * from "./ruleset_v6.ts";
