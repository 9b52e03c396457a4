import { NetyardError } from "../../../native/error.ts";

/** Simulations that cannot be run together: two of one name, or a name that no directory can have. */
export class SimulationNameError extends NetyardError {}

/** A shard that is none: not of the form `2/4`, or not one of those that there are. */
export class ShardError extends NetyardError {}

/** Simulations that cannot be dealt out as asked: the message says what the target would not take. */
export class PlanError extends NetyardError {}

/** Run directories that do not go together, or are none; nothing was written. */
export class MergeError extends NetyardError {}
