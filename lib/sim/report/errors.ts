import { NetyardError } from "../../../native/error.ts";

/** Simulations cannot run together: two have one name, or a name is not valid for a directory. */
export class SimulationNameError extends NetyardError {}

/** Directories are not run directories, or not of one run. Nothing was written. */
export class MergeError extends NetyardError {}
