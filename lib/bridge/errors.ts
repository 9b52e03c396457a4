import { NetyardError } from "../../native/error.ts";

/** A bridge cannot be connected to the networks of the host; the message says why. */
export class UplinkError extends NetyardError {}
