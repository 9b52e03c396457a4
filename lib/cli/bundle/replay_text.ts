import { EVENTS } from "../../events/kinds/mod.ts";
import type { EventText } from "../../events/kinds/row.ts";
import type { Parting } from "../../events/compare.ts";
import type { Failed } from "../../bundle/bundle_info.ts";
import type { RunFailure } from "../../record/failure.ts";
import type { LabEvent } from "../../events/types.ts";

/** The result of a replay. */
export interface Replayed {
  /** What was run again. Default: a test. */
  kind?: Failed["kind"];
  passed: boolean;
  /** The error in the bundle. */
  before: Pick<RunFailure, "name" | "message">;
  /** The error now, if the test failed and was recorded. */
  after: Pick<RunFailure, "name" | "message"> | undefined;
  /** Where the runs part; undefined if the replay was not recorded. */
  partings: Parting[] | undefined;
}

/** The most nodes that are listed. */
const MOST_NODES = 20;

/** What a replay showed, as lines. */
export function replayText(replayed: Replayed): string[] {
  return [...outcome(replayed), ...comparison(replayed.partings)];
}

function outcome({ kind = "test", passed, before, after }: Replayed): string[] {
  if (passed) return [`The ${kind} passed this time.`];
  if (after === undefined) return [`The ${kind} failed before its lab could be recorded.`];
  if (after.name === before.name && after.message === before.message) {
    return [`The ${kind} failed again, with the same error.`];
  }
  return [
    `The ${kind} failed again, with another error:`,
    `  in the bundle: ${oneLine(before)}`,
    `  now:           ${oneLine(after)}`,
  ];
}

const oneLine = ({ name, message }: Replayed["before"]) =>
  `${name}: ${message}`.replace(/\s+/g, " ").trim();

function comparison(partings: Parting[] | undefined): string[] {
  if (partings === undefined) {
    return ["Its events are not compared: the lab was not recorded where a replay looks for it."];
  }
  if (partings.length === 0) return ["Until then its events are those of the bundle."];
  const lines = ["Its events differ from those of the bundle:"];
  for (const { node, same, before, after } of partings.slice(0, MOST_NODES)) {
    lines.push(
      `  ${node ?? "the lab"}, after ${same} ${same === 1 ? "event" : "events"} in common:`,
      `    in the bundle: ${before ? eventText(before) : "nothing more"}`,
      `    now:           ${after ? eventText(after) : "nothing more"}`,
    );
  }
  const more = partings.length - MOST_NODES;
  return more > 0 ? [...lines, `  and ${more} more nodes`] : lines;
}

function eventText(event: LabEvent): string {
  const { text } = EVENTS[event.kind] as { text(event: LabEvent): EventText };
  return text(event)[1];
}
