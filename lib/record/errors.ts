import { NetyardError } from "../../native/error.ts";

/** A recording is impossible as requested; the message says why, and what to do. */
export class RecordError extends NetyardError {}
