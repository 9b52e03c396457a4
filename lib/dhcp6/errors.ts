import { NetyardError } from "../../native/error.ts";

/** Bytes that are not a DHCPv6 message; the error message says where. */
export class Dhcp6FormatError extends NetyardError {}

/** A router was not delegated an IPv6 prefix that it requested; the message names the server side and the reason. */
export class PrefixDelegationError extends NetyardError {}
