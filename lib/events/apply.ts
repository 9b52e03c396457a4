import { Conflict, refuse } from "./draft.ts";
import { EventConflictError } from "./errors.ts";
import { EVENTS } from "./kinds/mod.ts";
import type { EventRow } from "./kinds/row.ts";
import type { LabState } from "./states/lab.ts";
import type { EventKind, LabEvent } from "./types.ts";

/**
 * Changes `draft` in place, in time that does not depend on the size of the lab.
 *
 * @throws {EventConflictError} the event does not fit; `draft` is unchanged then
 */
export function apply(draft: LabState, event: LabEvent): void {
  const { kind, seq } = event;
  const expected = draft.lastSeq + 1;
  try {
    if (seq !== expected) {
      refuse(`event ${expected} must come next; events are missing or repeated`);
    }
    (EVENTS[kind] as EventRow<EventKind>).apply?.(draft, event);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    throw new EventConflictError(`event ${seq} (${kind}) does not fit the lab: ${error.message}`);
  }
  draft.lastSeq = seq;
}
