import { NetyardError } from "../../native/error.ts";

/** An engine that this host does not have, or a condition that an engine cannot bring about. */
export class LinkEngineError extends NetyardError {}
