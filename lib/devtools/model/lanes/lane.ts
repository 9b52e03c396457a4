/** What an item of the timeline is, which decides about its colour. */
export type ItemKind =
  | "program"
  | "custom"
  | "fault"
  | "condition"
  | "step"
  | "link"
  | "topology"
  | "error"
  | "span"
  | "log";

/** Something on a lane: a moment, or a time during which something lasted. */
export interface LaneItem {
  readonly kind: ItemKind;
  /** Milliseconds since the lab started. */
  readonly from: number;
  /** The same as `from` for a moment; Infinity for what has not ended. */
  readonly to: number;
  /** Names it in the address of the page: the number of an event, `t` and the number of a record. */
  readonly key: string;
  readonly failed: boolean;
  /** A few words. */
  readonly label: string;
}

/** A value over time, which stays as it is from one point to the next. */
export interface Area {
  points: readonly (readonly [ms: number, value: number])[];
  /** The value that is as high as the lane. */
  most: number;
  /** A value as text. */
  text(value: number): string;
}

/** A row of the timeline. */
export interface Lane {
  id: string;
  title: string;
  /** The node whose lane it is; null for lanes of the lab. */
  node: string | null;
  /** In the order of their begin. */
  items: LaneItem[];
  /** What it shows of a lane with the same node: its spans, what it logged. */
  part?: string;
  /** A value that is drawn behind the items. */
  area?: Area;
}

/** Items of a lane that are drawn as one: what is nearer than a few pixels cannot be told apart. */
export interface Cluster {
  from: number;
  to: number;
  items: number;
  first: LaneItem;
  failed: boolean;
}

/**
 * The items of a lane between two moments, joined where they begin within `gapMs` of each other. Takes time
 * in proportion to what is visible.
 */
export function clusters(
  lane: Lane,
  from: number,
  to: number,
  gapMs: number,
): Cluster[] {
  const { items } = lane;
  const found: Cluster[] = [];
  // What began before and still lasts: lanes have few of those, and they are near the front.
  const start = firstAfter(items, from);
  for (let i = Math.max(0, start - 400); i < start; i++) {
    if (items[i].to >= from && items[i].to > items[i].from) found.push(clusterOf(items[i]));
  }
  for (let i = start; i < items.length && items[i].from <= to; i++) {
    const item = items[i];
    const last = found.at(-1);
    const lasts = item.to - item.from > gapMs;
    if (!last || lasts || item.from - last.first.from > gapMs || last.to - last.from > gapMs) {
      found.push(clusterOf(item));
      continue;
    }
    last.items++;
    last.failed ||= item.failed;
    last.to = Math.max(last.to, item.to);
  }
  return found;
}

function clusterOf(item: LaneItem): Cluster {
  return { from: item.from, to: item.to, items: 1, first: item, failed: item.failed };
}

function firstAfter(items: readonly LaneItem[], ms: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].from < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
