import { NetyardError } from "../../native/error.ts";

/** The cache could not be written: the disk is full, or permissions are missing. The message names it. */
export class CacheError extends NetyardError {}
