/**
 * Bridges: partitions, impairments and the nftables rules for them, and uplinks to the host, from plain
 * data. Imports `address`, `link`, `node` and `native`; knows no lab. Begin here; `uplink_rules.ts` is the
 * pure part of uplinks, `uplink_host.ts` acts.
 *
 * @module
 */

/** The requested partitions of a bridge, by the names of members, attached or not. Pure. */

/** The partitions of a bridge; each kind is set and removed independently. */
export interface Partitions {
  /** Pairs, in both directions, by {@link pairKey}. */
  pairs: Set<string>;
  /** Single directions, by {@link directionKey}. */
  oneWay: Set<string>;
  /** Whether all members are partitioned from each other. */
  all: boolean;
  /** Isolated members: they neither reach nor are reached by any other. */
  isolated: Set<string>;
}

/** Returns no partitions. */
export const noPartitions = (): Partitions => ({
  pairs: new Set(),
  oneWay: new Set(),
  all: false,
  isolated: new Set(),
});

/** Returns the key of a pair, in either order. Names of nodes have no spaces. */
export const pairKey = (a: string, b: string): string => a < b ? `${a} ${b}` : `${b} ${a}`;

/** Returns the key of the direction from one member to another. */
export const directionKey = (from: string, to: string): string => `${from} ${to}`;

/** Returns the two names in a key. */
export const namesIn = (key: string): [string, string] => key.split(" ") as [string, string];

/** Whether a partition drops frames from one member to another; does not consider isolation. */
export function isPartitioned(
  { pairs, oneWay, all }: Partitions,
  from: string,
  to: string,
): boolean {
  return all || pairs.has(pairKey(from, to)) || oneWay.has(directionKey(from, to));
}

/** A direction from one member to another. */
export type Direction = [from: string, to: string];

/**
 * Returns the directions that partitions close: both of a pair; and single ones, in which address
 * resolution passes unless the other direction is closed too.
 */
export function closedDirections(
  { pairs, oneWay }: Partitions,
): { dropped: Direction[]; resolving: Direction[] } {
  const both = new Set(
    [...pairs].map(namesIn).flatMap(([a, b]) => [directionKey(a, b), directionKey(b, a)]),
  );
  const isClosed = (key: string) => both.has(key) || oneWay.has(key);
  const back = (key: string) => directionKey(namesIn(key)[1], namesIn(key)[0]);
  const all = [...new Set([...both, ...oneWay])].sort();
  const [dropped, resolving] = [true, false].map((wanted) =>
    all.filter((key) => isClosed(back(key)) === wanted).map(namesIn)
  );
  return { dropped, resolving };
}

/** Removes the directions from and to a member. */
export function removeDirections<T>(
  directions: Map<string, T> | Set<string>,
  member: string,
): void {
  for (const key of [...directions.keys()]) {
    if (namesIn(key).includes(member)) directions.delete(key);
  }
}
