import type { NodeRecord, Segment } from "./records.ts";

/** Which record a handle stands for: a handle of another lab carries a name, too. */
export const handles: WeakMap<object, NodeRecord> = new WeakMap();

/** Which segment the handle of a bridge stands for. */
export const bridgeHandles: WeakMap<object, Segment> = new WeakMap();
