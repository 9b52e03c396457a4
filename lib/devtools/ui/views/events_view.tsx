import { useEffect, useMemo, useState } from "preact/hooks";
import type { LogEntry } from "../../model/event_log.ts";
import { eventTest } from "../../model/filter.ts";
import { timeText } from "../../model/timeline.ts";
import { useObserved } from "../data/observed.ts";
import type { RunModel } from "../data/run_model.ts";
import { useKeys, useNavigation, viewHash } from "../navigation.ts";
import { Json } from "../parts/json.tsx";
import { SearchField } from "../parts/search_field.tsx";
import { Select } from "../parts/select.tsx";
import { VirtualList } from "../parts/virtual_list.tsx";
import { countText } from "../parts/words.ts";
import { kindTone } from "../parts/tones.ts";

const ROW = 26;

/** How long a filter may work before the page draws what it found so far. */
const SLICE_MS = 12;

/** The events of a run, with a filter and the details of one. */
export function EventsView({ run }: { run: RunModel }) {
  useObserved(run);
  const { route, set } = useNavigation();
  const { filter = "", kind = "", node = "", event = "" } = route.options;
  const { log } = run;
  useProblems(run);
  const shown = useFiltered(run, filter, kind, node);
  const selected = event === "" ? undefined : log.entries[Number(event)];
  const position = selected ? positionOf(shown, selected.index) : -1;
  useKeys((key) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[key];
    if (key === "Escape") {
      set({ event: "" }, true);
      return true;
    }
    if (step === undefined || shown.length === 0) return;
    const next = Math.max(0, Math.min(shown.length - 1, position + step));
    set({ event: String(shown[next].index) }, true);
    return true;
  });
  const kinds = [...log.kinds].sort(([a], [b]) => a.localeCompare(b));
  const nodes = [...log.nodes].sort(([a], [b]) => a.localeCompare(b)).slice(0, 2_000);
  return (
    <div class={`split ${selected ? "open" : ""}`}>
      <div class="split-main">
        <div class="toolbar">
          <SearchField
            value={filter}
            placeholder="Filter events"
            onChange={(filter) => set({ filter }, true)}
          />
          <Select
            label="Kind"
            value={kind}
            options={kinds}
            onChange={(kind) => set({ kind }, true)}
          />
          <Select
            label="Node"
            value={node}
            options={nodes}
            onChange={(node) => set({ node }, true)}
          />
          <span class="count num quiet" data-count={shown.length}>
            {shown.length === log.entries.length
              ? countText(shown.length, "event")
              : `${shown.length.toLocaleString("en-US")} of ${
                countText(log.entries.length, "event")
              }`}
            {!run.loaded && " so far"}
          </span>
          {log.damaged.length > 0 && (
            <button
              type="button"
              class="tag bad"
              onClick={() => set({ filter: "", kind: "", event: String(log.damaged[0].index) })}
              title="Lines that are damaged, or do not fit what was before them"
            >
              {countText(log.damaged.length, "problem")}
            </button>
          )}
        </div>
        <div class="row event head" aria-hidden="true">
          <span class="num">Time</span>
          <span>Node</span>
          <span>Kind</span>
          <span>What happened</span>
        </div>
        {shown.length === 0
          ? (
            <div class="empty">
              <h2>{log.entries.length === 0 ? "No events yet" : "No event matches"}</h2>
            </div>
          )
          : (
            <VirtualList
              label="Events"
              count={shown.length}
              rowHeight={ROW}
              target={position < 0 ? undefined : position}
              row={(i) => (
                <EventRow
                  key={shown[i].index}
                  run={run}
                  entry={shown[i]}
                  selected={shown[i] === selected}
                  onSelect={() =>
                    set({ event: shown[i] === selected ? "" : String(shown[i].index) }, true)}
                />
              )}
            />
          )}
      </div>
      {selected && <Details run={run} entry={selected} onClose={() => set({ event: "" }, true)} />}
    </div>
  );
}

/** A row of events. */
export interface EventRowProps {
  run: RunModel;
  entry: LogEntry;
  selected: boolean;
  onSelect(): void;
}

/** An event in a list: when, where, what. */
export function EventRow({ run, entry, selected, onSelect }: EventRowProps) {
  const [about, text] = run.log.text(entry);
  const level = entry.problem ? "error" : run.log.level(entry);
  return (
    <div
      class={`row event ${level} ${selected ? "selected" : ""}`}
      role="row"
      aria-selected={selected}
      data-event={entry.index}
      onClick={onSelect}
    >
      <span class="num">{timeText(entry.ms)}</span>
      <span class="cell-node">{entry.node ?? about}</span>
      <span class={`cell-kind tone-${kindTone(entry.kind)}`}>{entry.kind}</span>
      <span class="cell-text">
        {entry.kind === "custom" && entry.event && "name" in entry.event
          ? (
            <>
              <b>{String(entry.event.name)}</b> {text.replace(String(entry.event.name), "")}
            </>
          )
          : text.slice(0, 400)}
      </span>
    </div>
  );
}

function Details({ run, entry, onClose }: { run: RunModel; entry: LogEntry; onClose(): void }) {
  const { node, ms, event, problem, line } = entry;
  const t = String(ms);
  return (
    <aside class="side" aria-label="Event">
      <div class="side-head">
        <h2>{entry.kind}</h2>
        <button type="button" class="close" onClick={onClose} aria-label="Close">×</button>
      </div>
      <p>{run.log.text(entry)[1].slice(0, 2_000)}</p>
      {problem && <p class="problem">{problem}</p>}
      <dl class="facts">
        <dt>Time</dt>
        <dd class="num">{timeText(ms)}</dd>
        {event && (
          <>
            <dt>Clock</dt>
            <dd class="num">{event.at}</dd>
          </>
        )}
        {node && (
          <>
            <dt>Node</dt>
            <dd>{node}</dd>
          </>
        )}
      </dl>
      <div class="links">
        <a class="button" href={viewHash(run.id, "topology", { t, node: node ?? "" })}>Topology</a>
        <a class="button" href={viewHash(run.id, "timeline", { t, item: String(entry.index) })}>
          Timeline
        </a>
        {node && run.files.some(({ path }) => path.startsWith(`nodes/${node}/`)) && (
          <a class="button" href={viewHash(run.id, "logs", logMoment(entry))}>Log</a>
        )}
      </div>
      {event ? <Json value={event} /> : <pre class="json">{line}</pre>}
    </aside>
  );
}

/** The options of the logs view for the line that belongs to an event. */
export function logMoment(entry: LogEntry): Record<string, string> {
  const mark = entry.event?.kind === "custom" ? entry.event.name : "";
  return { node: entry.node ?? "", t: String(entry.ms), mark };
}

/** Finds, a little at a time, the events that do not fit what was before them. */
function useProblems(run: RunModel): void {
  const [, again] = useState(0);
  const isDone = !run.loaded || run.history.follow(performance.now() + SLICE_MS);
  useEffect(() => {
    if (isDone) return;
    const timer = setTimeout(() => again((count) => count + 1));
    return () => clearTimeout(timer);
  });
}

/** The entries that a filter lets through; found in slices of time, and added to as the log grows. */
function useFiltered(run: RunModel, text: string, kind: string, node: string): LogEntry[] {
  const { log } = run;
  const isAll = text.trim() === "" && kind === "" && node === "";
  const work = useMemo(() => {
    const kinds = new Set(kind === "" ? [] : [kind]);
    const test = eventTest(log, { text, kinds, node: node === "" ? null : node });
    return { test, found: [] as LogEntry[], done: 0 };
  }, [log, text, kind, node]);
  const [, again] = useState(0);
  const isDone = isAll || work.done >= log.entries.length;
  if (!isAll) proceed(work, log.entries);
  useEffect(() => {
    if (isDone) return;
    const timer = setTimeout(() => again((count) => count + 1));
    return () => clearTimeout(timer);
  });
  return isAll ? log.entries : work.found;
}

function proceed(
  work: { test(entry: LogEntry): boolean; found: LogEntry[]; done: number },
  entries: readonly LogEntry[],
): void {
  const until = performance.now() + SLICE_MS;
  while (work.done < entries.length) {
    const entry = entries[work.done++];
    if (work.test(entry)) work.found.push(entry);
    if (work.done % 512 === 0 && performance.now() > until) return;
  }
}

/** The place of an entry in a list of entries; -1 if it is not in it. */
function positionOf(entries: readonly LogEntry[], index: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle].index < index) low = middle + 1;
    else high = middle;
  }
  return entries[low]?.index === index ? low : -1;
}
