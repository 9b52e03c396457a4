import type { DelegationServer } from "../../dhcp6/mod.ts";
import type { RequestingSide } from "../../dhcp6/requesting_router.ts";
import type { NodeRecord, RouterRecord, Segment } from "./records.ts";

/** The delegating router of one segment, as `delegation/delegating_router.ts` has it. */
export interface PrefixServer {
  readonly server: DelegationServer;
  /** Listens on the links that the segment has now. */
  follow(): void;
  close(): Promise<void>;
}

/** The delegating and requesting routers of a lab; in most labs there are none. */
export class Delegations {
  /** By the node that delegates to routers on one of its segments. */
  readonly delegating: Map<NodeRecord, PrefixServer> = new Map();
  /** By the router that requests a prefix. */
  readonly requesting: Map<RouterRecord, RequestingSide> = new Map();

  /** Makes the owner of a segment listen on the links that it has now. */
  follow({ owner }: Segment): void {
    this.delegating.get(owner)?.follow();
  }

  /** Whether a node delegates or requests prefixes. */
  concern(node: NodeRecord): boolean {
    return this.delegating.has(node) || (node.kind === "router" && this.requesting.has(node));
  }

  /** Forgets a node that is removed. */
  async forget(node: NodeRecord): Promise<void> {
    const sides: ({ close(): Promise<void> } | undefined)[] = [this.delegating.get(node)];
    this.delegating.delete(node);
    if (node.kind === "router") {
      sides.push(this.requesting.get(node));
      this.requesting.delete(node);
    }
    await Promise.all(sides.map((side) => side?.close()));
  }

  async close(error: Error): Promise<void> {
    const requesting = [...this.requesting.values()].map((side) => side.close(error));
    const delegating = [...this.delegating.values()].map((side) => side.close());
    await Promise.all([...requesting, ...delegating]);
  }
}
