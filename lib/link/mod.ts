/**
 * Link conditions: delay, jitter, loss, rate and the other effects of one direction of a link, as plain
 * data; what an engine that applies them must do (`engine.ts`); and measurements of links
 * (`measure.ts`). Imports `options`, `address` and `native`; knows no lab. Begin with `condition.ts`.
 *
 * @module
 */

export * from "./condition.ts";
export * from "./compose.ts";
export * from "./measurement.ts";
export type * from "./engine.ts";
export * from "./region_link.ts";
export { regionLinkSchema } from "./region_link_schema.ts";
export * from "./errors.ts";
