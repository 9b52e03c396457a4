import { NetyardError } from "../../native/error.ts";

/** Bytes that are no DHCPv6 message; the message says where they are wrong. */
export class Dhcp6FormatError extends NetyardError {}
