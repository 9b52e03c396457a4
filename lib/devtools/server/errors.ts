import { NetyardError } from "../../../native/error.ts";

/** The devtools cannot be served or written: the message says why, and what helps. */
export class ServeError extends NetyardError {}
