import { isUnimpaired } from "../../bridge/impairments.ts";
import { namesIn } from "../../bridge/partitions.ts";
import type {
  BridgeImpairmentsState,
  BridgePartitionsState,
  BridgeState,
} from "../../events/mod.ts";
import type { BridgeRecord, Segment } from "./records.ts";

/** Converts bridges to the plain data in events. */

export function bridgeState({ name, segment: { v4, v6 } }: BridgeRecord): BridgeState {
  return {
    name,
    cidr: String(v4?.cidr),
    gateway: v4?.gateway ?? "",
    cidr6: String(v6?.cidr),
    gateway6: v6?.gateway ?? "",
  };
}

export function partitionsState({ bridging: { partitions } }: Segment): BridgePartitionsState {
  const { pairs, oneWay, all, isolated } = partitions;
  return {
    pairs: [...pairs].map(namesIn).map(([a, b]) => ({ a, b })),
    oneWay: [...oneWay].map(namesIn).map(([from, to]) => ({ from, to })),
    all,
    isolated: [...isolated],
  };
}

export function impairmentsState(
  { bridging: { whole, directions } }: Segment,
): BridgeImpairmentsState {
  return {
    ...whole,
    oneWay: [...directions].filter(([, way]) => !isUnimpaired(way)).map(([key, way]) => {
      const [from, to] = namesIn(key);
      return { from, to, ...way };
    }),
  };
}
