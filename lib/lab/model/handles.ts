import type { NodeRecord, Segment } from "./records.ts";

/** The record of each handle: its name alone does not tell its lab. */
export const handles: WeakMap<object, NodeRecord> = new WeakMap();

/** The segment of each handle of a bridge. */
export const bridgeHandles: WeakMap<object, Segment> = new WeakMap();
