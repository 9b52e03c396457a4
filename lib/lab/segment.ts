import { unimpaired } from "./impaired.ts";
import type { NodeRecord, Segment } from "./model.ts";
import type { Network } from "./plan.ts";

/** An empty segment. */
export function newSegment(
  kind: Segment["kind"],
  owner: NodeRecord,
  gateway: { mac: string; linkLocal: string; mtu: number },
  v4: Network | undefined,
  v6: Network | undefined,
): Segment {
  return {
    kind,
    owner,
    ...gateway,
    v4,
    v6,
    members: new Map(),
    gatewayLink: undefined,
    routes: new Map(),
    downlink: unimpaired(),
    blackHoles: new Set(),
    acquainted: new Map(),
    allAcquainted: false,
  };
}
