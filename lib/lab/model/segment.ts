import { UNIMPAIRED } from "../../bridge/impairments.ts";
import { noPartitions } from "../../bridge/partitions.ts";
import { unimpaired } from "./condition_state.ts";
import type { Bridging, NodeRecord, Segment } from "./records.ts";
import type { Network } from "./addresses.ts";

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
    name: owner.name,
    alwaysBridge: owner.kind === "bridge",
    bridging: noBridging(),
    ...gateway,
    v4,
    v6,
    members: new Map(),
    gatewayLink: undefined,
    routes: new Map(),
    downlink: unimpaired(),
    blackHoles: new Set(),
    neighbours: new Map(),
    allNeighbours: false,
  };
}

const noBridging = (): Bridging => ({
  partitions: noPartitions(),
  whole: UNIMPAIRED,
  rate: undefined,
  directions: new Map(),
  detours: new Set(),
  lastDetour: 0,
  loaded: "",
  partners: new Map(),
  uplink: undefined,
  disconnected: new Set(),
});
