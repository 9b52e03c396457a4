import { NetyardError } from "../../../native/error.ts";

/** A shard that is not of the form `2/4`, or does not exist. */
export class ShardError extends NetyardError {}

/** Simulations cannot be planned as requested: the message says what the target would refuse. */
export class PlanError extends NetyardError {}
