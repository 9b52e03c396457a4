import { NetyardError } from "../../../native/error.ts";

/** The node, interface or lab of a handle was removed or closed. */
export class NodeRemovedError extends NetyardError {}

/** A command cannot be started: it is empty, or there is no such program. */
export class CommandError extends NetyardError {}

/** The PID and mount namespaces of a node could not be created. */
export class SandboxError extends NetyardError {}

/** A function for a node uses outer variables, or values that cannot be copied. */
export class RemoteFunctionError extends NetyardError {}

/** No answer came within the deadline. */
export class DeadlineError extends NetyardError {}
