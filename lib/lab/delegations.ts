import type { DelegatingSide } from "./delegation/delegating_router.ts";
import type { NodeRecord, RouterRecord, Segment } from "./model/records.ts";
import type { RequestingSide } from "../dhcp6/requesting_router.ts";

/** All that goes on in a lab about prefix delegation; in most of them nothing. */
export class Delegations {
  /** Who hands out, to those on one of its segments. */
  readonly delegating: Map<NodeRecord, DelegatingSide> = new Map();
  /** Who asks. */
  readonly requesting: Map<RouterRecord, RequestingSide> = new Map();

  /** Has the owner of a segment listen on the links that it has now. */
  follow({ owner }: Segment): void {
    this.delegating.get(owner)?.follow();
  }

  /** Whether a node has anything to do with it. */
  concern(node: NodeRecord): boolean {
    return this.delegating.has(node) || this.requesting.has(node as RouterRecord);
  }

  /** Forgets a node that is removed. */
  async forget(node: NodeRecord): Promise<void> {
    const sides = [this.delegating.get(node), this.requesting.get(node as RouterRecord)];
    this.delegating.delete(node);
    this.requesting.delete(node as RouterRecord);
    await Promise.all(sides.map((side) => side?.close()));
  }

  async close(error: Error): Promise<void> {
    const requesting = [...this.requesting.values()].map((side) => side.close(error));
    const delegating = [...this.delegating.values()].map((side) => side.close());
    await Promise.all([...requesting, ...delegating]);
  }
}
