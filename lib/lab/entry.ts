import { entryOf, type NodeEntry } from "../node/entry.ts";
import type { Node } from "../node/node.ts";
import { handles } from "./model/handles.ts";

/**
 * By what other processes of the same user enter a node.
 *
 * @internal
 */
export function nodeEntry(node: Node): NodeEntry {
  return entryOf(handles.get(node)!.runtime);
}
