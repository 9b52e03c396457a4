/**
 * Packets on their way through the captures of several interfaces: which sightings are of the same
 * packet, what changed between them, and what was lost. Imports `headers`, `network` and types of
 * `file`. Begin here; `identity.ts` says what stays of a packet, `match.ts` what may follow what.
 *
 * @module
 */
import { type Change, changesOf } from "./changes.ts";
import { directionOf, ownMac } from "./direction.ts";
import { Gaps, placeOf } from "./gaps.ts";
import { identify } from "./identity.ts";
import { fateOf } from "./lost.ts";
import { continuation } from "./match.ts";
import type { Direction, Hop, Journey, Sighting, TraceCapture, TraceOptions } from "./types.ts";
import type { Frame } from "../file/frame.ts";

/** A sighting before it is part of a journey. */
interface Seen extends Sighting {
  readonly frame: Frame;
  readonly key: string;
}

const WITHIN_MS = 2000;
/** As many journeys of packets that are alike are open at once. */
const MOST_OPEN = 128;

/**
 * Follows packets through the captures of several interfaces: finds the sightings of the same packet,
 * though NATs changed its addresses and ports, routers its TTL, and NAT64 its IP version.
 *
 * Packets that are alike, as repeated datagrams with one payload, are told apart by their addresses,
 * TTL, order, and how long others take on the same way. Segments that were cut or joined on the way
 * are packets of their own.
 *
 * @returns The journeys, in the order of their first hops. Each frame is in one of them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(traceJourneys([{ node: "laptop", interface: "eth0", frames: [] }]), []);
 * ```
 */
export function traceJourneys(
  captures: readonly TraceCapture[],
  options: TraceOptions = {},
): Journey[] {
  const byKey = Map.groupBy(sightingsOf(captures), ({ key }) => key);
  const withinNs = (options.withinMs ?? WITHIN_MS) * 1e6;
  const gaps = new Gaps();
  const journeys: Hop[][] = [];
  const ambiguous: Seen[][] = [];
  for (const alike of byKey.values()) {
    const found = join(alike, withinNs, undefined);
    if (!found) {
      ambiguous.push(alike);
      continue;
    }
    for (const hops of found) {
      for (let i = 1; i < hops.length; i++) gaps.note(hops[i - 1], hops[i]);
    }
    journeys.push(...found);
  }
  // What the others took tells which of several packets that are alike this one is.
  for (const alike of ambiguous) journeys.push(...join(alike, withinNs, gaps)!);
  journeys.sort((a, b) => a[0].time - b[0].time);
  return withFates(journeys, captures, options);
}

/**
 * Joins the sightings of packets that are alike into journeys.
 *
 * @param gaps How long other packets took; without it, undefined is returned if there is a choice.
 */
function join(
  alike: readonly Seen[],
  withinNs: number,
  gaps: Gaps | undefined,
): Hop[][] | undefined {
  const journeys: Hop[][] = [];
  const open: Hop[][] = [];
  const counts = gaps ? countsOf(alike) : undefined;
  for (const seen of alike) {
    let best: Hop[][] = [];
    let bestScore = -1;
    for (const hops of open) {
      if (seen.time - hops[hops.length - 1].time > withinNs) continue;
      const score = continuation(hops, seen) ?? -1;
      if (score < 0 || score < bestScore) continue;
      if (score > bestScore) [best, bestScore] = [[hops], score];
      else best.push(hops);
    }
    if (best.length > 1 && !gaps) return undefined;
    const hops = best.length > 1 ? choose(best, seen, gaps!, counts!) : best[0];
    if (hops) {
      hops.push(hopOf(seen, changesOf(hops[hops.length - 1].form, seen.form)));
      continue;
    }
    const begun = [hopOf(seen, [])];
    journeys.push(begun);
    open.push(begun);
    if (open.length > MOST_OPEN) open.shift();
  }
  return journeys;
}

/** Which of several journeys that fit alike, the oldest first, a sighting continues. */
function choose(
  candidates: readonly Hop[][],
  seen: Seen,
  gaps: Gaps,
  counts: ReadonlyMap<string, number>,
): Hop[] {
  const lastOf = (hops: readonly Hop[]) => hops[hops.length - 1];
  // Where as many came as had gone, none was lost between: they come in their order.
  if (counts.get(placeOf(lastOf(candidates[0]))) === counts.get(placeOf(seen))) {
    return candidates[0];
  }
  const usual = gaps.usual(lastOf(candidates[0]), seen);
  // Without other packets to compare with, the one that took the least time.
  const far = (hops: readonly Hop[]) => Math.abs(seen.time - lastOf(hops).time - (usual ?? 0));
  return candidates.reduce((best, hops) => far(hops) <= far(best) ? hops : best);
}

function countsOf(sightings: readonly Seen[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const seen of sightings) counts.set(placeOf(seen), (counts.get(placeOf(seen)) ?? 0) + 1);
  return counts;
}

function hopOf(seen: Seen, changes: readonly Change[]): Hop {
  const { node, interface: on, direction, time, form, frame } = seen;
  return { node, interface: on, direction, time, form, frame, timeMs: frame.timeMs, changes };
}

/** All frames as sightings, in the order of time. */
function sightingsOf(captures: readonly TraceCapture[]): Seen[] {
  let firstSecond = Infinity;
  for (const { frames } of captures) {
    for (const { seconds } of frames) firstSecond = Math.min(firstSecond, seconds);
  }
  const sightings: Seen[] = [];
  for (const { node, interface: on, frames, mac = ownMac(frames) } of captures) {
    for (const frame of frames) {
      const { key, form } = identify(frame.data, frame.interface.linkType);
      sightings.push({
        node,
        interface: on,
        direction: directionOf(frame, mac),
        time: (frame.seconds - firstSecond) * 1e9 + frame.nanos,
        form,
        frame,
        key,
      });
    }
  }
  // At one moment, a packet leaves a node before it comes to the next, whose TTL is lower.
  return sightings.sort((a, b) =>
    a.time - b.time || b.form.ttl - a.form.ttl || rank(a.direction) - rank(b.direction)
  );
}

const rank = (direction: Direction) => direction === "out" ? 0 : direction === undefined ? 1 : 2;

function withFates(
  journeys: readonly Hop[][],
  captures: readonly TraceCapture[],
  { ownerOf, endedMs, withinMs = WITHIN_MS }: TraceOptions,
): Journey[] {
  if (!ownerOf) return journeys.map((hops) => ({ hops, lost: "unknown" }));
  const captured = new Map<string, Set<string>>();
  for (const { node, interface: on } of captures) {
    captured.set(node, (captured.get(node) ?? new Set()).add(on));
  }
  const fates = journeys.map((hops) => fateOf(hops, ownerOf, captured));
  let last = endedMs ?? -Infinity;
  let longestMs = 0;
  journeys.forEach((hops, index) => {
    const end = hops[hops.length - 1];
    if (endedMs === undefined) last = Math.max(last, end.timeMs);
    if (fates[index] === false) longestMs = Math.max(longestMs, (end.time - hops[0].time) / 1e6);
  });
  // What set off at the end may still have been on its way, as long as the slowest one took.
  const surelyBefore = last - Math.min(withinMs, 2 * longestMs);
  return journeys.map((hops, index) => {
    const isRecent = hops[hops.length - 1].timeMs > surelyBefore;
    return { hops, lost: fates[index] === true && isRecent ? "unknown" : fates[index] };
  });
}
