import { NetyardError } from "../../native/error.ts";

/** A bundle cannot be read, or not be replayed. */
export class BundleError extends NetyardError {}
