import { NetyardError } from "../../native/error.ts";

/** Bytes that are no DHCPv6 message; the message says where they are wrong. */
export class Dhcp6FormatError extends NetyardError {}

/** A router was not delegated an IPv6 prefix that it requested; the message says by whom, and why. */
export class PrefixDelegationError extends NetyardError {}
