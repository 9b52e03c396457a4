import { useEffect, useRef } from "preact/hooks";
import type { LaneItem } from "../../model/lanes/lane.ts";
import { ticks, timeText } from "../../model/timeline.ts";
import { useObserved } from "../data/observed.ts";
import type { RunModel } from "../data/run_model.ts";
import { go, useKeys, useNavigation } from "../navigation.ts";
import { SearchField } from "../parts/search_field.tsx";
import { TimeBar, useMoment } from "../parts/time_bar.tsx";
import { VirtualList } from "../parts/virtual_list.tsx";
import { entryHash, itemHash, ItemPanel } from "../timeline/item_panel.tsx";
import { LaneRow } from "../timeline/lane_row.tsx";
import { SpanPanel } from "../timeline/span_panel.tsx";
import { PAD, rangeOf, short, useDrag, useWidth } from "../timeline/viewport.ts";

const ROW = 28;

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
  const words = lane.toLowerCase();
  const lanes = words === ""
    ? run.lanes
    : run.lanes.filter(({ title, node }) => (title || (node ?? "")).toLowerCase().includes(words));
  const record = run.telemetry.item(item);
  const selected = item === "" || record ? undefined : run.log.entries[Number(item)];
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
    else if (key === "Escape") close();
    else if (key === "Enter" && record) go(itemHash(run, record));
    else if (key === "Enter" && selected) go(entryHash(run, selected));
    else return false;
    return true;
  });
  const drag = useDrag((dx) => pan(-dx / scale));
  const select = ({ key, from }: LaneItem) => set({ item: key, t: short(from) }, true);
  const close = () => set({ item: "" }, true);
  return (
    <div class="topology">
      <div class={`split ${selected || record ? "open" : ""}`}>
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
                      ms={ms}
                      selected={item}
                      onSelect={select}
                      onJump={(item) => go(itemHash(run, item))}
                    />
                  )}
                />
              )}
          </div>
        </div>
        {selected && <ItemPanel run={run} entry={selected} onClose={close} />}
        {record && <SpanPanel run={run} item={record} onSelect={select} onClose={close} />}
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
  ["span", "span"],
] as const;
