/**
 * The parts of the timeline: rows, and what a chosen item is. Imports `../parts`, `../data` and `../../model`.
 * Begin with `lane_row.tsx`.
 *
 * @module
 */
import type { LogEntry } from "../../model/event_log.ts";
import type { LaneItem } from "../../model/lanes/lane.ts";
import { timeText } from "../../model/timeline.ts";
import type { RunModel } from "../data/run_model.ts";
import { viewHash } from "../navigation.ts";
import { Json } from "../parts/json.tsx";
import { logMoment } from "../views/events_view.tsx";

/** Whether a node has a log. */
export function hasLog(run: RunModel, node: string | null): boolean {
  return node !== null && run.files.some(({ path }) => path.startsWith(`nodes/${node}/`));
}

/** Where Enter and a double click go: the log line of a custom event or a program, else the event. */
export function entryHash(run: RunModel, entry: LogEntry): string {
  return hasLog(run, entry.node)
    ? viewHash(run.id, "logs", logMoment(entry))
    : viewHash(run.id, "events", { event: String(entry.index), t: String(entry.ms) });
}

/** Where a double click on an item goes. */
export function itemHash(run: RunModel, { key, from }: LaneItem): string {
  const record = run.telemetry.item(key)?.record;
  if (!record) return entryHash(run, run.log.entries[Number(key)]);
  const options = { node: record.node, t: String(from) };
  return viewHash(run.id, hasLog(run, record.node) ? "logs" : "topology", options);
}

/** What an event of the timeline is. */
export interface ItemPanelProps {
  run: RunModel;
  entry: LogEntry;
  onClose(): void;
}

/** The panel of an event. */
export function ItemPanel({ run, entry, onClose }: ItemPanelProps) {
  const { index, ms, node, kind, event, line } = entry;
  const t = String(ms);
  return (
    <aside class="side" aria-label="Item">
      <div class="side-head">
        <h2>{kind}</h2>
        <button type="button" class="close" aria-label="Close" onClick={onClose}>×</button>
      </div>
      <p>{run.log.text(entry)[1].slice(0, 2_000)}</p>
      <dl class="facts">
        <dt>Time</dt>
        <dd class="num">{timeText(ms)}</dd>
        {node && (
          <>
            <dt>Node</dt>
            <dd>{node}</dd>
          </>
        )}
      </dl>
      <div class="links">
        {hasLog(run, node) && (
          <a class="button primary" href={viewHash(run.id, "logs", logMoment(entry))}>
            Log at this moment
          </a>
        )}
        <a class="button" href={viewHash(run.id, "events", { event: String(index), t })}>Event</a>
        <a class="button" href={viewHash(run.id, "topology", { t, node: node ?? "" })}>Topology</a>
      </div>
      <Json value={event ?? line} />
    </aside>
  );
}
