import type { Travel, TravelHop } from "./conversation.ts";

/** A place and a moment in the picture: the column, from 0, and the height. */
export interface Dot {
  column: number;
  y: number;
  travel: number;
  hop: TravelHop;
}

/** What a ladder is drawn from; heights are in pixels, columns are numbers. */
export interface Ladder {
  /** The nodes, in the order of the way. */
  columns: string[];
  height: number;
  dots: Dot[];
  /** From one place to the next: over a link, or within a node. */
  arrows: { from: Dot; to: Dot; travel: number; kind: "link" | "node"; tookMs: number }[];
  /** Translations, beside the node that made them. */
  notes: { column: number; y: number; travel: number; lines: [from: string, to: string][] }[];
  /** What each packet is, above its first place. */
  titles: { column: number; y: number; travel: number; side: "left" | "right" }[];
  /** Where packets ended that did not come to their destination. */
  marks: {
    column: number;
    /** The column that it was sent to, if it was lost on the way there. */
    towards: number | undefined;
    y: number;
    travel: number;
    kind: "lost" | "stopped";
    why: string;
    side: "left" | "right";
  }[];
}

const TOP = 10;
const TITLE = 30;
const NOTE_LINE = 15;
const NOTE = 12;
const MARK = 40;
/** The reason of a loss may take three lines where columns are narrow. */
const NARROW_MARK = 62;
const WITHIN = 8;

/**
 * Lays out the ways of packets: one clock from the top to the bottom, each moment lower than the one before.
 * `isNarrow` leaves more room for texts.
 */
export function ladderOf(travels: readonly Travel[], isNarrow = false): Ladder {
  const columns = columnsOf(travels);
  const ladder: Ladder = {
    columns,
    height: 0,
    dots: [],
    arrows: [],
    notes: [],
    titles: [],
    marks: [],
  };
  const events = travels.flatMap(({ hops }, travel) =>
    hops.map((hop, index) => ({ hop, index, travel }))
  );
  events.sort((a, b) =>
    a.hop.entry.time - b.hop.entry.time || a.travel - b.travel || a.index - b.index
  );
  const last = new Map<number, Dot>();
  let y = TOP;
  let before: number | undefined;
  for (const { hop, index, travel } of events) {
    const column = columns.indexOf(hop.node);
    const { hops, fate } = travels[travel];
    const side = directionOf(travels[travel], columns);
    const previous = last.get(travel);
    if (index === 0) {
      y += TITLE + (before === undefined ? 0 : waited(hop.timeMs - before));
      ladder.titles.push({ column, y: y - 8, travel, side });
    } else if (previous?.column === column) {
      const lines = hop.translated.map(({ from, to }): [string, string] => [from, to]);
      const height = lines.length === 0 ? WITHIN : NOTE + lines.length * 2 * NOTE_LINE;
      y += height;
      if (lines.length > 0) ladder.notes.push({ column, y: y - height / 2, travel, lines });
    } else y += 14 + waited(hop.timeMs - before!);
    before = hop.timeMs;
    const dot: Dot = { column, y, travel, hop };
    ladder.dots.push(dot);
    if (previous) {
      ladder.arrows.push({
        from: previous,
        to: dot,
        travel,
        kind: previous.column === column ? "node" : "link",
        tookMs: hop.timeMs - previous.hop.timeMs,
      });
    }
    last.set(travel, dot);
    if (index < hops.length - 1 || fate.kind === "arrived" || fate.kind === "unknown") continue;
    const towards = fate.kind === "lost" ? columns.indexOf(fate.towards ?? "") : -1;
    ladder.marks.push({
      column,
      towards: towards < 0 ? undefined : towards,
      y: y + 14,
      travel,
      kind: fate.kind,
      why: fate.why,
      side,
    });
    y += isNarrow ? NARROW_MARK : MARK;
  }
  ladder.height = y + 24;
  return ladder;
}

/** The further apart two moments are, the more room is between them: 0 to 30 pixels, by its logarithm. */
function waited(ms: number): number {
  return Math.round(Math.min(30, Math.max(0, 10 * Math.log10(Math.max(1, ms * 5)))));
}

/** Which way a packet goes in the picture. */
function directionOf({ hops, fate }: Travel, columns: readonly string[]): "left" | "right" {
  const first = columns.indexOf(hops[0].node);
  const end = fate.kind === "lost" && fate.towards !== undefined ? fate.towards : hops.at(-1)!.node;
  const last = columns.indexOf(end);
  if (first === last) return first > (columns.length - 1) / 2 ? "left" : "right";
  return last < first ? "left" : "right";
}

/** The nodes of all ways, so that each way goes through them in order, as far as that is possible. */
function columnsOf(travels: readonly Travel[]): string[] {
  const ways = travels.map(({ hops, fate }) => {
    const nodes = hops.map(({ node }) => node).filter((node, i, all) => node !== all[i - 1]);
    if (fate.kind === "lost" && fate.towards !== undefined) nodes.push(fate.towards);
    return nodes;
  });
  const longest = ways.reduce((best, way) => way.length > best.length ? way : best, ways[0] ?? []);
  const columns = [...new Set(longest)];
  for (const way of ways) {
    const places = way.map((node) => columns.indexOf(node)).filter((at) => at >= 0);
    const isBack = places.length > 1 && places[0] > places.at(-1)!;
    const ordered = isBack ? way.toReversed() : way;
    ordered.forEach((node, i) => {
      if (columns.includes(node)) return;
      const after = columns.indexOf(ordered[i - 1]);
      const next = ordered.slice(i + 1).map((each) => columns.indexOf(each)).find((at) => at >= 0);
      columns.splice(after >= 0 ? after + 1 : next ?? columns.length, 0, node);
    });
  }
  // It is read the way the first packet went.
  const [first = []] = ways;
  const isBack = columns.indexOf(first[0]) > columns.indexOf(first.at(-1)!);
  return isBack ? columns.reverse() : columns;
}
