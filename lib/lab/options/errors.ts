import { NetyardError } from "../../../native/error.ts";
import { NodeRemovedError } from "../../node/process/errors.ts";

/** A name that breaks the rule for names. */
export class InvalidNameError extends NetyardError {}

/** A name that another node, or another interface of the node, already has. */
export class DuplicateNameError extends NetyardError {}

/** Nothing in the lab has the name that was asked for. */
export class NotFoundError extends NetyardError {}

/** The lab was closed, and all its nodes are gone; nothing can be done with it any more. */
export class LabClosedError extends NodeRemovedError {}

/** A topology that cannot be: a node of another lab, a router behind itself, no common address family. */
export class TopologyError extends NetyardError {}

/** A router cannot be removed while something is attached to it; the message says what. */
export class RouterInUseError extends NetyardError {}

/** A region cannot be removed while a router is in it; the message says which. */
export class RegionInUseError extends NetyardError {}

/** An IPv6 setting that cannot hold, such as advertisements of a router without IPv6. */
export class Ipv6Error extends TopologyError {}

/** Somebody else on the link has an IPv6 address already; the message says which. */
export class DuplicateAddressError extends NetyardError {}

/** A device got no IPv6 address or default route of its router's advertisements in time. */
export class AutoconfigurationError extends NetyardError {}
