import { NetyardError } from "../../native/error.ts";

/**
 * A value read from a file or a connection is not an event or a state that this Netyard knows: it has
 * another version, an unknown kind, or fields that do not fit. The message says where it was found.
 *
 * @example
 * ```ts
 * import { EventFormatError, parseEvent } from "@netyard/netyard";
 *
 * try {
 *   parseEvent({ version: 1, kind: "router-exploded" });
 * } catch (error) {
 *   if (error instanceof EventFormatError) console.error(error.message);
 * }
 * ```
 */
export class EventFormatError extends NetyardError {}

/**
 * An event cannot have happened to the lab in its current state: it names an unknown node, interface or
 * command, adds one that exists, or does not follow the event before it. The state is unchanged.
 *
 * @example
 * ```ts
 * import { EventBus, EventConflictError } from "@netyard/netyard";
 *
 * const bus = new EventBus();
 * try {
 *   bus.emit({ kind: "nat-flushed", router: "nobody" });
 * } catch (error) {
 *   if (error instanceof EventConflictError) console.error(error.message);
 * }
 * ```
 */
export class EventConflictError extends NetyardError {}

/**
 * An event was emitted after its bus was closed, or a second bus was attached to a run directory.
 *
 * @example
 * ```ts
 * import { EventBus, EventBusError } from "@netyard/netyard";
 *
 * const bus = new EventBus();
 * bus.close();
 * try {
 *   bus.emit({ kind: "lab-closed" });
 * } catch (error) {
 *   if (error instanceof EventBusError) console.error(error.message);
 * }
 * ```
 */
export class EventBusError extends NetyardError {}

/**
 * A run directory could not be created, written or read.
 *
 * @example
 * ```ts
 * import { readRun, RunDirectoryError } from "@netyard/netyard";
 *
 * try {
 *   await readRun("runs/none");
 * } catch (error) {
 *   if (error instanceof RunDirectoryError) console.error(error.path);
 * }
 * ```
 */
export class RunDirectoryError extends NetyardError {
  /** The file or directory that caused the error. */
  readonly path: string;

  /** Creates an error about `path`, which the message names too. */
  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}
