export * from "./condition.ts";
export * from "./compose.ts";
export * from "./measurement.ts";
export type * from "./engine.ts";
export * from "./region_link.ts";
export * from "./errors.ts";
