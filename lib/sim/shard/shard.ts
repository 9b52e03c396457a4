import { ShardError } from "./errors.ts";
import type { Shard } from "../types/run_types.ts";

/**
 * Parses a shard such as `2/4`: the second of four.
 *
 * @throws {ShardError} It is not of that form, or there is no such shard.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseShard("2/4"), { index: 2, count: 4 });
 * ```
 */
export function parseShard(text: string): Shard {
  const match = /^(\d{1,9})\/(\d{1,9})$/.exec(text);
  if (!match) {
    throw new ShardError(
      `the shard is ${JSON.stringify(text)}, but must be its number and how many there are: 2/4`,
    );
  }
  const [index, count] = [Number(match[1]), Number(match[2])];
  if (index < 1 || index > count) {
    throw new ShardError(
      count === 0
        ? `there is no shard ${text}: there must be 1 at least, as in 1/1`
        : `there is no shard ${text}: they are 1/${count} to ${count}/${count}`,
    );
  }
  return { index, count };
}

/** Formats a shard: `2/4`. */
export function shardText({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/**
 * Returns the simulations of a shard, in order: every `count`-th from the `index`-th on. Each simulation
 * is in exactly one shard, and the sizes of shards differ by one at most. Adjacent simulations, which
 * often take similar time, are in different shards.
 */
export function shardOf<T>(all: readonly T[], { index, count }: Shard): T[] {
  return all.filter((_, i) => i % count === index - 1);
}
