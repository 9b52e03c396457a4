import { NetyardError } from "../../../native/error.ts";

/** A handle was used whose node, interface or lab is gone. */
export class NodeRemovedError extends NetyardError {}

/** A command that cannot be started: empty, or no such program. */
export class CommandError extends NetyardError {}

/** A node could not be given its processes' surroundings (PID and mount namespaces). */
export class SandboxError extends NetyardError {}

/** A function sent to a node used what it cannot see, or what cannot be sent. */
export class RemoteFunctionError extends NetyardError {}

/** No answer came within the deadline. */
export class DeadlineError extends NetyardError {}
