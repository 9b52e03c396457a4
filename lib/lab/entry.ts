import { entryOf, type NodeEntry } from "../node/entry.ts";
import type { Node } from "../node/node.ts";
import { handles } from "./model/handles.ts";

/**
 * Returns what other processes of the same user need to enter a node.
 *
 * @internal
 */
export function nodeEntry(node: Node): NodeEntry {
  return entryOf(handles.get(node)!.runtime);
}
