export * from "./condition.ts";
export type * from "./engine.ts";
