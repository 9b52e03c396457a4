import { NetyardError } from "../../native/error.ts";

/** This host does not have a link engine, or the engine cannot implement a condition. */
export class LinkEngineError extends NetyardError {}
