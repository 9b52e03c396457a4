import { NetyardError } from "../../../native/error.ts";
import { DeadlineError } from "../process/errors.ts";

/** A capture cannot be started, or ended by itself; the message says why. */
export class CaptureError extends NetyardError {}

/** No packet as expected came in time; the message shows the last that did. */
export class PacketExpectedError extends DeadlineError {
  /** How many packets were captured, and looked at. */
  readonly seen: number;

  /** `message` says all; `seen` is how many packets there were. */
  constructor(message: string, seen: number) {
    super(message);
    this.seen = seen;
  }
}
