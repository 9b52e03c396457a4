/**
 * Shards: how simulations are divided among machines, and plans of shards for GitHub Actions and
 * Kubernetes. Imports the types of simulations alone. Begin with `shard.ts`.
 *
 * @module
 */
import { PlanError } from "./errors.ts";
import { shardOf, shardText } from "./shard.ts";

/** The largest number of jobs in a matrix of GitHub Actions. */
const GITHUB_JOBS = 256;

/** Simulations divided into shards. */
export interface ShardPlan {
  /** The shards in order, at least one. */
  shards: PlannedShard[];
}

/** A shard of a plan. */
export interface PlannedShard {
  /** The value for `--shard`: `2/4`. */
  shard: string;
  /** The names of its simulations, in the order in which they run; at least one. */
  simulations: string[];
}

/** How simulations are divided. */
export interface PlanOptions {
  /** The number of shards, at most one per simulation. Default: one per simulation, at most 256. */
  shards?: number;
}

/**
 * Divides simulations into shards, as `--shard` does on each machine, which must load the same files in
 * the same order.
 *
 * @throws {PlanError} There are no simulations, or the number of shards is invalid.
 */
export function planShards(
  simulations: readonly { name: string }[],
  options: PlanOptions = {},
): ShardPlan {
  const { shards = GITHUB_JOBS } = options;
  if (!Number.isInteger(shards) || shards < 1) {
    throw new PlanError(`the number of shards is ${shards}, but must be a whole number from 1 on`);
  }
  if (simulations.length === 0) {
    throw new PlanError(
      "there are no simulations to plan; name files or directories that have some",
    );
  }
  const count = Math.min(shards, simulations.length);
  return {
    shards: Array.from({ length: count }, (_, i) => {
      const shard = { index: i + 1, count };
      return { shard: shardText(shard), simulations: shardOf(simulations, shard).map(nameOf) };
    }),
  };
}

/** One job of a matrix of GitHub Actions. */
export interface GithubJob {
  /** The value for `--shard`. */
  shard: string;
  /** For people: the first simulation, and the number of others. */
  name: string;
  /** A name for the artifact with the results, without a slash: `netyard-2-of-4`. */
  artifact: string;
  /** The number of simulations. */
  simulations: number;
}

/**
 * Returns a plan as a matrix of GitHub Actions, on one line, for `strategy.matrix: ${{ fromJSON(...) }}`.
 *
 * @throws {PlanError} There are more than 256 shards, the limit of a matrix.
 */
export function githubMatrix({ shards }: ShardPlan): string {
  if (shards.length > GITHUB_JOBS) {
    throw new PlanError(
      `a matrix of GitHub Actions has at most ${GITHUB_JOBS} jobs, but the plan has ` +
        `${shards.length} shards; plan ${GITHUB_JOBS} at most`,
    );
  }
  const include = shards.map(({ shard, simulations }): GithubJob => ({
    shard,
    name: simulations.length > 1
      ? `${simulations[0]} and ${simulations.length - 1} more`
      : simulations[0],
    artifact: `netyard-${shard.replace("/", "-of-")}`,
    simulations: simulations.length,
  }));
  return JSON.stringify({ include });
}

function nameOf({ name }: { name: string }): string {
  return name;
}
