import { NetyardError } from "../../native/error.ts";

/**
 * Something read from disk or from the wire is no event, or no state, that this Netyard knows:
 * another version, an unknown kind, or fields that do not fit. The message names the place.
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
 * An event that cannot have happened to the lab as it stands: it names a node, an interface or a
 * command that is not there, adds one twice, or does not follow the event before it. The state
 * that it was to change stays as it was.
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
 * An event was emitted after its bus had closed, or a run directory was given a second bus.
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
 * A run directory could not be made, written or read.
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
  /** The file or directory at fault. */
  readonly path: string;

  /** An error about `path`, which the message names too. */
  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}
