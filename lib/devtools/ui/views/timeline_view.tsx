import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Cluster, clusters, type Lane, ticks, timeText } from "../../model/timeline.ts";
import { useObserved } from "../data/observed.ts";
import type { RunModel } from "../data/run_model.ts";
import { go, useKeys, useNavigation, viewHash } from "../navigation.ts";
import { Json } from "../parts/json.tsx";
import { SearchField } from "../parts/search_field.tsx";
import { TimeBar, useMoment } from "../parts/time_bar.tsx";
import { VirtualList } from "../parts/virtual_list.tsx";
import { logMoment } from "./events_view.tsx";

const ROW = 28;

/** Items that begin within so many pixels are drawn as one. */
const GAP = 9;

/** Pixels at both ends of a lane, so that items at the begin and the end are whole. */
const PAD = 10;

/** A label needs so many pixels to the right of its item. */
const LABEL = 64;

/** What happened when: a lane for each node, and lanes of the lab. */
export function TimelineView({ run }: { run: RunModel }) {
  useObserved(run);
  const { route, set } = useNavigation();
  const { from = "", to = "", item = "", lane = "" } = route.options;
  const { ms } = useMoment(run);
  const end = Math.max(run.log.endMs, 1) * 1.01;
  const range = rangeOf(from, to, end);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const lanes = run.timeline.lanes().filter(({ title }) =>
    title.toLowerCase().includes(lane.toLowerCase())
  );
  const selected = item === "" ? undefined : run.log.entries[Number(item)];
  const scale = (width - 2 * PAD) / (range.to - range.from);

  const show = (a: number, b: number) => {
    const length = Math.min(end, Math.max(0.5, b - a));
    const start = Math.max(0, Math.min(a, end - length));
    const whole = length >= end * 0.999;
    set({ from: whole ? "" : short(start), to: whole ? "" : short(start + length) }, true);
  };
  const zoom = (factor: number, at = (range.from + range.to) / 2) =>
    show(at - (at - range.from) * factor, at + (range.to - at) * factor);
  const pan = (by: number) => show(range.from + by, range.to + by);
  const latest = useRef({ zoom, pan, range, scale });
  latest.current = { zoom, pan, range, scale };
  useEffect(() => {
    const wheel = (event: WheelEvent) => {
      const { zoom, pan, range, scale } = latest.current;
      const { left } = box.current!.getBoundingClientRect();
      const x = event.clientX - left - PAD;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        pan((event.deltaX || event.deltaY) / scale);
      } else if (event.ctrlKey || event.metaKey || event.altKey) {
        zoom(Math.exp(event.deltaY * 0.002), range.from + Math.max(0, x) / scale);
      } else return;
      event.preventDefault();
    };
    const element = box.current!.closest(".timeline")!;
    element.addEventListener("wheel", wheel as EventListener, { passive: false });
    return () => element.removeEventListener("wheel", wheel as EventListener);
  }, []);
  useKeys((key) => {
    const length = range.to - range.from;
    if (key === "+" || key === "=") zoom(1 / 1.6, ms);
    else if (key === "-") zoom(1.6, ms);
    else if (key === "a") pan(-length / 4);
    else if (key === "d") pan(length / 4);
    else if (key === "Escape") set({ item: "" }, true);
    else if (key === "Enter" && selected) go(jumpOf(run, selected.index));
    else return false;
    return true;
  });
  const drag = useDrag((dx) => pan(-dx / scale));
  const select = (entry: number) =>
    set({ item: String(entry), t: String(run.log.entries[entry].ms) }, true);
  return (
    <div class="topology">
      <div class={`split ${selected ? "open" : ""}`}>
        <div class="split-main timeline">
          <div class="toolbar">
            <SearchField
              value={lane}
              placeholder="Filter lanes"
              onChange={(lane) => set({ lane }, true)}
            />
            <div class="legend-row">
              {LEGEND.map(([kind, text]) => (
                <span class={`legend mark-${kind}`} key={kind}>{text}</span>
              ))}
            </div>
            <div class="steps">
              <button type="button" onClick={() => zoom(1 / 1.6)} aria-label="Zoom in (+)">
                +
              </button>
              <button type="button" onClick={() => zoom(1.6)} aria-label="Zoom out (-)">−</button>
              <button type="button" onClick={() => set({ from: "", to: "" }, true)}>All</button>
            </div>
          </div>
          <div class="lane head">
            <span class="lane-name quiet">Lane</span>
            <div class="lane-track" ref={box}>
              {ticks(range.from, range.to, Math.max(2, width / 110)).map((at) => (
                <span
                  class="tick num"
                  key={at}
                  style={{ left: (at - range.from) * scale + PAD }}
                >
                  {timeText(
                    at,
                    range.to - range.from < 50 ? 4 : range.to - range.from < 5_000 ? 2 : 1,
                  )}
                </span>
              ))}
            </div>
          </div>
          <div class="lanes" {...drag}>
            <div
              class="cursor"
              style={{
                display: ms >= range.from && ms <= range.to ? "block" : "none",
                transform: `translateX(${(ms - range.from) * scale + PAD}px)`,
              }}
            />
            {lanes.length === 0
              ? (
                <div class="empty">
                  <h2>No lane matches</h2>
                </div>
              )
              : (
                <VirtualList
                  label="Lanes"
                  count={lanes.length}
                  rowHeight={ROW}
                  more={3}
                  row={(i) => (
                    <LaneRow
                      key={lanes[i].id}
                      lane={lanes[i]}
                      run={run}
                      range={range}
                      scale={scale}
                      selected={selected?.index}
                      onSelect={select}
                    />
                  )}
                />
              )}
          </div>
        </div>
        {selected && (
          <aside class="side" aria-label="Item">
            <div class="side-head">
              <h2>{selected.kind}</h2>
              <button
                type="button"
                class="close"
                aria-label="Close"
                onClick={() => set({ item: "" }, true)}
              >
                ×
              </button>
            </div>
            <p>{run.log.text(selected)[1].slice(0, 2_000)}</p>
            <dl class="facts">
              <dt>Time</dt>
              <dd class="num">{timeText(selected.ms)}</dd>
              {selected.node && (
                <>
                  <dt>Node</dt>
                  <dd>{selected.node}</dd>
                </>
              )}
            </dl>
            <div class="links">
              {hasLog(run, selected.node) && (
                <a class="button primary" href={viewHash(run.id, "logs", logMoment(selected))}>
                  Log at this moment
                </a>
              )}
              <a
                class="button"
                href={viewHash(run.id, "events", {
                  event: String(selected.index),
                  t: String(selected.ms),
                })}
              >
                Event
              </a>
              <a
                class="button"
                href={viewHash(run.id, "topology", {
                  t: String(selected.ms),
                  node: selected.node ?? "",
                })}
              >
                Topology
              </a>
            </div>
            <Json value={selected.event ?? selected.line} />
          </aside>
        )}
      </div>
      <TimeBar run={run} />
    </div>
  );
}

const LEGEND = [
  ["program", "program"],
  ["custom", "custom"],
  ["condition", "condition"],
  ["fault", "fault"],
  ["step", "step"],
] as const;

function hasLog(run: RunModel, node: string | null): boolean {
  return node !== null && run.files.some(({ path }) => path.startsWith(`nodes/${node}/`));
}

/** Where Enter and a double click go: the log line of a custom event or a program, else the event. */
function jumpOf(run: RunModel, index: number): string {
  const entry = run.log.entries[index];
  return hasLog(run, entry.node)
    ? viewHash(run.id, "logs", logMoment(entry))
    : viewHash(run.id, "events", { event: String(index), t: String(entry.ms) });
}

interface LaneRowProps {
  lane: Lane;
  run: RunModel;
  range: { from: number; to: number };
  scale: number;
  selected: number | undefined;
  onSelect(entry: number): void;
}

function LaneRow({ lane, run, range, scale, selected, onSelect }: LaneRowProps) {
  const found = clusters(lane, range.from - LABEL / scale, range.to, GAP / scale);
  return (
    <div class="lane" role="row" data-lane={lane.title}>
      <span class="lane-name" title={lane.title}>
        {lane.node
          ? <a href={viewHash(run.id, "topology", { node: lane.node })}>{lane.title}</a>
          : lane.title}
      </span>
      <div class="lane-track">
        {found.length > DENSE && (
          <DenseLane
            found={found}
            leftOf={(ms) => (ms - range.from) * scale + PAD}
            selected={selected}
            onSelect={onSelect}
            onJump={(entry) => go(jumpOf(run, entry))}
          />
        )}
        {found.length <= DENSE && found.map((each, i) => (
          <Item
            key={each.first.entry}
            cluster={each}
            left={(each.from - range.from) * scale + PAD}
            width={(Math.min(each.to, range.to) - each.from) * scale}
            room={((found[i + 1]?.from ?? range.to) - Math.min(each.to, range.to)) * scale}
            selected={each.first.entry === selected}
            onSelect={() => onSelect(each.first.entry)}
            onJump={() => go(jumpOf(run, each.first.entry))}
          />
        ))}
      </div>
    </div>
  );
}

/** A lane with more items is drawn as one picture: elements for all of them would be slow. */
const DENSE = 24;

interface DenseLaneProps {
  found: Cluster[];
  /** Where a moment is, in pixels. */
  leftOf(ms: number): number;
  selected: number | undefined;
  onSelect(entry: number): void;
  onJump(entry: number): void;
}

/** A lane with many items: bars that are as high as much happened. A click selects the nearest. */
function DenseLane({ found, leftOf, selected, onSelect, onJump }: DenseLaneProps) {
  const most = Math.log1p(Math.max(...found.map(({ items }) => items)));
  const bars = (fits: (each: Cluster) => boolean) =>
    found.filter(fits).map(({ from, items }) => {
      const height = 5 + 15 * Math.log1p(items) / most;
      return `M${(leftOf(from) - 2).toFixed(1)} 24v${-height.toFixed(1)}h5v${height.toFixed(1)}z`;
    }).join("");
  const nearest = (event: MouseEvent) => {
    const x = event.clientX - (event.currentTarget as Element).getBoundingClientRect().left;
    const distance = ({ from }: Cluster) => Math.abs(leftOf(from) - x);
    return found.reduce((best, each) => distance(each) < distance(best) ? each : best).first.entry;
  };
  const kind = found.find(({ failed }) => !failed)?.first.kind ?? "error";
  const marked = found.find(({ first }) => first.entry === selected);
  return (
    <svg
      class="dense"
      role="img"
      aria-label={`${found.length} groups of events`}
      onClick={(event) => onSelect(nearest(event))}
      onDblClick={(event) => onJump(nearest(event))}
    >
      <path class={`mark-${kind}`} d={bars(({ failed }) => !failed)} />
      <path class="mark-fault" d={bars(({ failed }) => failed)} />
      {marked && <path class="dense-marked" d={`M${leftOf(marked.from) - 3} 2h7v24h-7z`} />}
    </svg>
  );
}

interface ItemProps {
  cluster: Cluster;
  left: number;
  width: number;
  /** Pixels until the next item. */
  room: number;
  selected: boolean;
  onSelect(): void;
  onJump(): void;
}

function Item({ cluster, left, width, room, selected, onSelect, onJump }: ItemProps) {
  const { first, items, failed } = cluster;
  const isBar = items === 1 && first.to > first.from;
  const hidden = Math.max(0, -left);
  const labelled = items === 1 &&
    (isBar ? width - hidden > LABEL || room > LABEL : first.kind === "custom" && room > LABEL);
  const inside = isBar && width - hidden > LABEL;
  return (
    <button
      type="button"
      class={`item mark-${first.kind} ${isBar ? "bar" : "point"} ${failed ? "failed" : ""} ` +
        `${items > 1 ? "many" : ""} ${selected ? "selected" : ""}`}
      style={{
        transform: `translateX(${isBar ? Math.max(left, -2) : left}px)`,
        width: isBar ? Math.max(3, width - hidden) : undefined,
      }}
      title={items > 1 ? `${items} events, from ${timeText(first.from)}` : first.label}
      data-item={first.entry}
      tabIndex={-1}
      onClick={onSelect}
      onDblClick={onJump}
    >
      {items > 1 && <span class="many-count num">{items > 99 ? "99+" : items}</span>}
      {labelled && (
        <span
          class={inside ? "item-label inside" : "item-label"}
          style={{ maxWidth: inside ? width - hidden - 10 : Math.max(0, room - 12) }}
        >
          {first.label.slice(0, 120)}
        </span>
      )}
    </button>
  );
}

function rangeOf(from: string, to: string, end: number): { from: number; to: number } {
  const [a, b] = [Number(from), Number(to)];
  return from !== "" && to !== "" && b > a && a >= 0 ? { from: a, to: b } : { from: 0, to: end };
}

const short = (ms: number) => String(Math.round(ms * 1_000) / 1_000);

function useWidth(box: { current: HTMLDivElement | null }): number {
  const [width, setWidth] = useState(800);
  useLayoutEffect(() => {
    const read = () => setWidth(Math.max(50, box.current!.clientWidth));
    const observer = new ResizeObserver(read);
    observer.observe(box.current!);
    read();
    return () => observer.disconnect();
  }, []);
  return width;
}

/** Pans while the reader drags sideways; clicks on items stay clicks. */
function useDrag(pan: (dx: number) => void) {
  const from = useRef<{ x: number; far: boolean }>();
  return {
    onPointerDown: (event: PointerEvent) => {
      from.current = { x: event.clientX, far: false };
    },
    onPointerMove: (event: PointerEvent) => {
      if (!from.current || event.buttons === 0) return;
      const dx = event.clientX - from.current.x;
      if (!from.current.far && Math.abs(dx) < 5) return;
      from.current = { x: event.clientX, far: true };
      pan(dx);
    },
    onPointerUp: () => {
      from.current = undefined;
    },
  };
}
