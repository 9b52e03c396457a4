import { PlanError } from "./errors.ts";
import { shardOf, shardText } from "./shard.ts";

/** What a matrix of GitHub Actions may have at most. */
const GITHUB_JOBS = 256;

/** Simulations dealt out to shards. */
export interface ShardPlan {
  /** In their order, one at least. */
  shards: PlannedShard[];
}

/** A shard of a plan. */
export interface PlannedShard {
  /** What `--shard` takes: `2/4`. */
  shard: string;
  /** Their names, in the order that they run in; one at least. */
  simulations: string[];
}

/** How simulations are dealt out. */
export interface PlanOptions {
  /** How many shards there are; no more than simulations are made. Default: one a simulation, at most 256. */
  shards?: number;
}

/**
 * Deals simulations out to shards, as `--shard` will on each machine: so they must be loaded from the
 * same files, in the same order, there.
 *
 * @throws {PlanError} There are none, or the number of shards is none.
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
  /** What `--shard` takes. */
  shard: string;
  /** For people: the simulation, and how many more there are. */
  name: string;
  /** A name for the artifact with its results, which must have no slash: `netyard-2-of-4`. */
  artifact: string;
  /** How many simulations it has. */
  simulations: number;
}

/**
 * A plan as a matrix of GitHub Actions, on one line, for `strategy.matrix: ${{ fromJSON(...) }}`.
 *
 * @throws {PlanError} There are more shards than a matrix takes, which are 256.
 */
export function githubMatrix({ shards }: ShardPlan): string {
  if (shards.length > GITHUB_JOBS) {
    throw new PlanError(
      `a matrix of GitHub Actions takes ${GITHUB_JOBS} jobs, but the plan has ${shards.length} ` +
        `shards; plan ${GITHUB_JOBS} at most`,
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
