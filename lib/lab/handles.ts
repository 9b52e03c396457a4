import type { NodeRecord } from "./model.ts";

/** Which record a handle stands for: a handle of another lab carries a name, too. */
export const handles: WeakMap<object, NodeRecord> = new WeakMap();
