import type { LabEvent } from "./types.ts";

/** Where two runs part, in what happened to one node or to the lab as a whole. */
export interface Parting {
  /** The name of the node; null for the lab. */
  node: string | null;
  /** How many events of the node both runs have in common, from the first on. */
  same: number;
  /** The first event that the older run alone has; undefined if it ended before. */
  before?: LabEvent;
  /** The first event that the newer run alone has; undefined if it ended before. */
  after?: LabEvent;
}

/** Members that are measured, drawn or counted, so that they differ in each run. */
const MEASURED = ["version", "seq", "at", "elapsedMs", "actualMs", "id", "pid"];

/**
 * Compares what happened in two runs of the same script, and returns where they part: an entry for each
 * node with another history, the one that parted first in the newer run at the head. No entry: the runs
 * are the same.
 *
 * Programs run at the same time, so the order of events of different nodes says nothing; each node has
 * its own history. Times and IDs are not compared, nor the data of `custom` events, which programs measure.
 *
 * @example
 * ```ts
 * import { compareRuns, EventBus } from "@netyard/netyard";
 *
 * using first = new EventBus();
 * using second = new EventBus();
 * for (const bus of [first, second]) bus.emit({ kind: "lab-created", label: "hello" });
 * second.emit({ kind: "custom", node: null, name: "half-time", data: null });
 * console.log(compareRuns(first.history, second.history)); // one entry, with `after`
 * ```
 */
export function compareRuns(
  before: readonly LabEvent[],
  after: readonly LabEvent[],
): Parting[] {
  const [olds, news] = [byNode(before), byNode(after)];
  const partings: Parting[] = [];
  for (const node of new Set([...olds.keys(), ...news.keys()])) {
    const parting = compareNode(node, olds.get(node) ?? [], news.get(node) ?? []);
    if (parting) partings.push(parting);
  }
  return partings.sort((a, b) => seqOf(a) - seqOf(b));
}

/** Where the newer run parts; a node that it lacks comes last. */
function seqOf({ after }: Parting): number {
  return after?.seq ?? Infinity;
}

function compareNode(
  node: string | null,
  before: LabEvent[],
  after: LabEvent[],
): Parting | undefined {
  let same = 0;
  while (
    same < before.length && same < after.length && shapeOf(before[same]) === shapeOf(after[same])
  ) same++;
  if (same === before.length && same === after.length) return undefined;
  return {
    node,
    same,
    ...same < before.length && { before: before[same] },
    ...same < after.length && { after: after[same] },
  };
}

function byNode(events: readonly LabEvent[]): Map<string | null, LabEvent[]> {
  const lanes = new Map<string | null, LabEvent[]>();
  for (const event of events) {
    const node = nodeOf(event);
    const lane = lanes.get(node);
    if (lane) lane.push(event);
    else lanes.set(node, [event]);
  }
  return lanes;
}

/** The node that an event is about; null for the lab. */
export function nodeOf(event: LabEvent): string | null {
  if ("node" in event) return event.node;
  if ("router" in event && typeof event.router === "string") return event.router;
  if ("member" in event) return event.member;
  if ("bridge" in event && typeof event.bridge === "string") return event.bridge;
  return "name" in event && typeof event.name === "string" ? event.name : null;
}

/** What is compared of an event. */
function shapeOf(event: LabEvent): string {
  return JSON.stringify(event, function (this: unknown, key, value) {
    if (this === event && (MEASURED.includes(key) || event.kind === "custom" && key === "data")) {
      return undefined;
    }
    return value;
  });
}
