import type { Fields } from "../schema_parts.ts";
import type { LabState } from "../states/lab.ts";
import type { EventBodies, EventKind, LabEvent } from "../types.ts";

/** How much a log entry about an event matters. */
export type EventLevel = "info" | "warn" | "error";

/** A log entry about an event: the node that it is about, or {@linkcode LAB}; `info` by default. */
export type EventText = [about: string, message: string, level?: EventLevel];

/** All that Netyard knows of one kind of event. */
export interface EventRow<Kind extends EventKind> {
  /** The schemas of its fields besides the stamp. Called when the first such event is parsed. */
  schema(): Fields<EventBodies[Kind]>;
  /**
   * Changes the state of the lab as the event did, in time that does not depend on the size of the lab;
   * or refuses the event with a {@linkcode Conflict}, and changes nothing. Absent for a kind that is only
   * a record.
   */
  apply?(draft: LabState, event: LabEvent<Kind>): void;
  /** Describes it in a log. */
  text(event: LabEvent<Kind>): EventText;
}

/** A row for each kind. */
export type EventRows = { [Kind in EventKind]: EventRow<Kind> };

/** What an event is about that is about no single node. */
export const LAB = "lab";

/** The end of a message that may have a cause. */
export const because = (why: string | null): string => why === null ? "" : `: ${why}`;
