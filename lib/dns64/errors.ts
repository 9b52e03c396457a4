import { NetyardError } from "../../native/error.ts";

/** The DNS64 server of a router cannot start. */
export class Dns64Error extends NetyardError {}
