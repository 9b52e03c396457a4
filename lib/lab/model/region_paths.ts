/** A link between two regions, as far as it decides which way packets go. */
export interface RegionEdge {
  a: string;
  b: string;
  /** One way. */
  latencyMs: number;
  /** False while it is broken. */
  up: boolean;
}

/**
 * The way from one region to another: over a link to the next region, nowhere since all links on
 * the way are broken, or over the exchange since nobody linked the two.
 */
export type RegionPath =
  | { kind: "link"; next: string }
  | { kind: "nowhere" }
  | { kind: "exchange" };

/** Whether two ways are the same. */
export function sameWay(a: RegionPath | undefined, b: RegionPath): boolean {
  if (a?.kind !== b.kind) return false;
  return a.kind !== "link" || b.kind !== "link" || a.next === b.next;
}

interface Reached {
  name: string;
  latencyMs: number;
  hops: number;
  next: string;
}

/**
 * How every other region gets to one of them, in the order in which routes should be changed: the
 * nearest first, so that no packet goes in a circle meanwhile.
 *
 * Of several ways that are up, it is the one with the least latency, then that with the fewest
 * links, then that by the neighbour whose name comes first. Regions that links connect, broken ones
 * included, never use the exchange.
 *
 * Each region decides for itself, and all decisions agree: the next region is always nearer.
 */
export function waysTo(
  to: string,
  regions: Iterable<string>,
  links: readonly RegionEdge[],
): Map<string, RegionPath> {
  const ways = new Map<string, RegionPath>();
  for (const { name, next } of nearestFirst(to, links.filter(({ up }) => up))) {
    if (name !== to) ways.set(name, { kind: "link", next });
  }
  const connected = new Set([...nearestFirst(to, links)].map(({ name }) => name));
  for (const name of regions) {
    if (name === to || ways.has(name)) continue;
    ways.set(name, { kind: connected.has(name) ? "nowhere" : "exchange" });
  }
  return ways;
}

/** Dijkstra's algorithm, from the destination outwards. A lab has 15 regions at most. */
function* nearestFirst(to: string, links: readonly RegionEdge[]): Iterable<Reached> {
  const done = new Set<string>();
  const open = new Map<string, Reached>([[to, { name: to, latencyMs: 0, hops: 0, next: to }]]);
  while (open.size > 0) {
    const nearest = [...open.values()].reduce((best, one) => isBefore(one, best) ? one : best);
    open.delete(nearest.name);
    done.add(nearest.name);
    yield nearest;
    for (const { a, b, latencyMs } of links) {
      if (a !== nearest.name && b !== nearest.name) continue;
      const name = a === nearest.name ? b : a;
      if (done.has(name)) continue;
      const reached = {
        name,
        latencyMs: nearest.latencyMs + latencyMs,
        hops: nearest.hops + 1,
        next: nearest.name,
      };
      const known = open.get(name);
      if (!known || isBefore(reached, known)) open.set(name, reached);
    }
  }
}

function isBefore(a: Reached, b: Reached): boolean {
  if (a.latencyMs !== b.latencyMs) return a.latencyMs < b.latencyMs;
  if (a.hops !== b.hops) return a.hops < b.hops;
  return a.next === b.next ? a.name < b.name : a.next < b.next;
}
