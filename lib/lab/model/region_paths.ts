/** A link between two regions, as far as paths depend on it. */
export interface RegionEdge {
  a: string;
  b: string;
  /** In one direction. */
  latencyMs: number;
  /** False while it is broken. */
  up: boolean;
}

/**
 * The path from one region to another: over a link to the next region; nowhere, since all links on
 * the path are broken; or over the IX, since no links connect the two.
 */
export type RegionPath =
  | { kind: "link"; next: string }
  | { kind: "nowhere" }
  | { kind: "ix" };

/** Whether two paths are equal. */
export function samePath(a: RegionPath | undefined, b: RegionPath): boolean {
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
 * The path of every other region to one region, in the order in which routes must change: the
 * nearest region first, so that no packet loops meanwhile.
 *
 * A link between the two that is up is taken, however slow it is: the latency that it was given is what a
 * probe measures. Otherwise, of several paths that are up, it is the one with the lowest latency, then the one
 * with the fewest links, then the one by the neighbour whose name comes first. Regions that links
 * connect, even broken ones, never use the IX.
 *
 * Each region decides for itself, and all decisions agree: the next region is always nearer.
 */
export function pathsTo(
  to: string,
  regions: Iterable<string>,
  links: readonly RegionEdge[],
): Map<string, RegionPath> {
  const paths = new Map<string, RegionPath>();
  for (const { name, next } of nearestFirst(to, links.filter(({ up }) => up))) {
    if (name !== to) paths.set(name, { kind: "link", next });
  }
  const connected = new Set([...nearestFirst(to, links)].map(({ name }) => name));
  for (const name of regions) {
    if (name === to || paths.has(name)) continue;
    paths.set(name, { kind: connected.has(name) ? "nowhere" : "ix" });
  }
  return paths;
}

/**
 * Dijkstra's algorithm, from the destination outwards, except that a neighbour of the destination keeps
 * its own link. A lab has 15 regions at most.
 */
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
      if (known?.next === to) continue;
      if (!known || isBefore(reached, known)) open.set(name, reached);
    }
  }
}

function isBefore(a: Reached, b: Reached): boolean {
  if (a.latencyMs !== b.latencyMs) return a.latencyMs < b.latencyMs;
  if (a.hops !== b.hops) return a.hops < b.hops;
  return a.next === b.next ? a.name < b.name : a.next < b.next;
}
