import type { Sighting } from "./types.ts";

/** Gaps of a way that are kept. */
const KEPT = 63;

/** How long packets take from one place to another. */
export class Gaps {
  #gaps = new Map<string, number[]>();

  /** Notes a packet of which it is known that it was seen at both places. */
  note(from: Sighting, to: Sighting): void {
    const key = wayOf(from, to);
    let gaps = this.#gaps.get(key);
    if (!gaps) this.#gaps.set(key, gaps = []);
    if (gaps.length < KEPT) gaps.push(to.time - from.time);
  }

  /** The median of a way, in nanoseconds; undefined if no packet told. */
  usual(from: Sighting, to: Sighting): number | undefined {
    const gaps = this.#gaps.get(wayOf(from, to));
    return gaps?.toSorted((a, b) => a - b)[gaps.length >> 1];
  }
}

/** A place, and the way through it, as text. */
export function placeOf({ node, interface: on, direction }: Sighting): string {
  return `${node}/${on} ${direction}`;
}

function wayOf(from: Sighting, to: Sighting): string {
  return `${placeOf(from)} ${placeOf(to)}`;
}
