/** Who on a bridge reaches whom: what was asked, by the names of members, attached or not. Pure. */

/** What keeps members of a bridge apart; each of these by itself. */
export interface Partitions {
  /** Both ways, by {@link pairKey}. */
  pairs: Set<string>;
  /** One way, by {@link wayKey}. */
  oneWay: Set<string>;
  /** Everyone from everyone. */
  all: boolean;
  /** Those who reach nobody, and whom nobody reaches. */
  isolated: Set<string>;
}

/** Nobody is kept from anybody. */
export const noPartitions = (): Partitions => ({
  pairs: new Set(),
  oneWay: new Set(),
  all: false,
  isolated: new Set(),
});

/** The key of a pair, whichever is named first. Names of nodes have no spaces. */
export const pairKey = (a: string, b: string): string => a < b ? `${a} ${b}` : `${b} ${a}`;

/** The key of the way from one member to another. */
export const wayKey = (from: string, to: string): string => `${from} ${to}`;

/** The two names in a key. */
export const namesIn = (key: string): [string, string] => key.split(" ") as [string, string];

/** Whether a partition keeps what `from` sends from `to`; isolation is another matter. */
export function isPartitioned(
  { pairs, oneWay, all }: Partitions,
  from: string,
  to: string,
): boolean {
  return all || pairs.has(pairKey(from, to)) || oneWay.has(wayKey(from, to));
}

/** The ways that partitions of single pairs close: those both ways count twice. */
export function closedWays({ pairs, oneWay }: Partitions): [from: string, to: string][] {
  const ways = [...pairs].map(namesIn).flatMap(([a, b]) => [wayKey(a, b), wayKey(b, a)]);
  return [...new Set([...ways, ...oneWay])].sort().map(namesIn);
}

/** Takes away what was asked of one direction only and names a member. */
export function forgetWays<T>(ways: Map<string, T> | Set<string>, member: string): void {
  for (const key of [...ways.keys()]) if (namesIn(key).includes(member)) ways.delete(key);
}
