import { NetyardError } from "../../native/error.ts";

/** A bridge cannot be connected to what the host reaches; the message says what is in the way. */
export class UplinkError extends NetyardError {}
