import { bitsText, type Counters } from "../counters.ts";
import type { Area, Lane } from "./lane.ts";
import type { Telemetry } from "./telemetry.ts";
import type { Timeline } from "../timeline.ts";

/** Below so many milliseconds, lateness is not drawn as high as the lane. */
const LEAST_LATE_MS = 20;

/** Below this rate, traffic is not drawn as high as the lane. */
const LEAST_BITS = 10_000;

/**
 * All lanes of a run: those of the lab, the host, and for each node its events with its traffic behind them, its
 * spans and its log.
 */
export function lanesOf(timeline: Timeline, telemetry: Telemetry, counters: Counters): Lane[] {
  const all = timeline.lanes();
  const nodes = all.filter(({ node }) => node !== null);
  const known = new Set(nodes.map(({ node }) => node));
  const others = telemetry.nodes.filter((node) => !known.has(node));
  return [
    ...all.filter(({ node }) => node === null),
    ...hostLanes(counters),
    ...nodes.flatMap((lane) => [
      { ...lane, area: trafficArea(counters, lane.node!) },
      ...telemetry.lanesOf(lane.node!),
    ]),
    ...others.flatMap((node) => telemetry.lanesOf(node)),
  ];
}

function hostLanes({ host }: Counters): Lane[] {
  if (host.length === 0) return [];
  const lane = (id: string, title: string, area: Area): Lane => ({
    id,
    title,
    node: null,
    items: [],
    area,
  });
  return [
    lane("host-cpu", "CPU waits", {
      points: host.map(({ ms, cpuPct }) => [ms, cpuPct]),
      most: 100,
      text: (value) => `${value.toFixed(0)} %`,
    }),
    lane("host-late", "Lateness", {
      points: host.map(({ ms, lateMs }) => [ms, lateMs]),
      most: host.reduce((most, { lateMs }) => Math.max(most, lateMs), LEAST_LATE_MS),
      text: (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`,
    }),
  ];
}

function trafficArea(counters: Counters, node: string): Area | undefined {
  const points = counters.trafficOf(node);
  if (points.length === 0) return undefined;
  const most = points.reduce((most, [, bits]) => Math.max(most, bits), LEAST_BITS);
  return { points, most, text: bitsText };
}

/** The value of an area at a moment; undefined before its first point. */
export function valueAt({ points }: Pick<Area, "points">, ms: number): number | undefined {
  return points[firstAfter(points, ms) - 1]?.[1];
}

/** How an area is drawn: where a moment is on the screen, and how high the lane is, in pixels. */
export interface AreaView {
  from: number;
  to: number;
  /** Pixels to the left of `from`. */
  left: number;
  /** Pixels a millisecond. */
  scale: number;
  height: number;
}

/**
 * The path of an area between two moments, as of an SVG: steps from point to point. Of points within a pixel, the
 * highest is drawn.
 */
export function areaPath(area: Area, { from, to, left, scale, height }: AreaView): string {
  const { points, most } = area;
  const start = Math.max(0, firstAfter(points, from) - 1);
  if (points.length === 0 || points[start][0] > to) return "";
  const xOf = (ms: number) => left + (Math.min(Math.max(ms, from), to) - from) * scale;
  const yOf = (value: number) => height - height * Math.min(1, Math.max(0, value / most));
  const steps: [x: number, y: number][] = [];
  for (let i = start; i < points.length && points[i][0] <= to; i++) {
    const [x, y] = [xOf(points[i][0]), yOf(points[i][1])];
    const last = steps.at(-1);
    if (last && x - last[0] < 1) last[1] = Math.min(last[1], y);
    else steps.push([x, y]);
  }
  // Rounded, and a value that stays adds nothing.
  const number = (value: number) => String(Math.round(value * 10) / 10);
  let path = `M${number(steps[0][0])} ${number(height)}`;
  for (const [i, [x, y]] of steps.entries()) {
    if (i > 0 && y === steps[i - 1][1]) continue;
    path += i === 0 ? `V${number(y)}` : `H${number(x)}V${number(y)}`;
  }
  return `${path}H${number(xOf(to))}V${number(height)}Z`;
}

/** The index of the first point after a moment. */
function firstAfter(points: Area["points"], ms: number): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][0] <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
