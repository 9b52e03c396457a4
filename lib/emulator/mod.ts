export * from "./emulator.ts";
export * from "./errors.ts";
