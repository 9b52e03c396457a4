import { NetyardError } from "../../../native/error.ts";
import { NodeRemovedError } from "../../node/process/errors.ts";

/** A name that breaks the rule for names. */
export class InvalidNameError extends NetyardError {}

/** A name that another node, or another interface of the node, already has. */
export class DuplicateNameError extends NetyardError {}

/** Nothing in the lab has the requested name. */
export class NotFoundError extends NetyardError {}

/** The lab is closed: its nodes were removed, and it cannot be used any more. */
export class LabClosedError extends NodeRemovedError {}

/** An impossible topology: a node of another lab, a router behind itself, no common address family. */
export class TopologyError extends NetyardError {}

/** A router cannot be removed while something is attached to it; the message says what. */
export class RouterInUseError extends NetyardError {}

/** A region cannot be removed while a router is in it; the message says which. */
export class RegionInUseError extends NetyardError {}

/** An impossible IPv6 setting, such as advertisements of a router without IPv6. */
export class Ipv6Error extends TopologyError {}

/** Another node on the link already has an IPv6 address; the message says which address. */
export class DuplicateAddressError extends NetyardError {}

/** A device got no IPv6 address or default route from router advertisements in time. */
export class AutoconfigurationError extends NetyardError {}
