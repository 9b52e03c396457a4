import { useMemo, useRef, useState } from "preact/hooks";
import { clusters } from "../../model/lanes/lane.ts";
import { timeText } from "../../model/timeline.ts";
import type { RunModel } from "../data/run_model.ts";
import { useKeys, useNavigation } from "../navigation.ts";

/** How many bars show how much happened. */
const BARS = 120;

/** The moment that is shown: the one in the address, or the end of the run. */
export function useMoment(run: RunModel): { ms: number; count: number; isEnd: boolean } {
  const { t = "" } = useNavigation().route.options;
  const { log } = run;
  const ms = Number(t);
  if (t === "" || !Number.isFinite(ms) || ms < 0) {
    return { ms: log.endMs, count: log.entries.length, isEnd: true };
  }
  return { ms, count: log.indexAt(ms) + 1, isEnd: false };
}

/** The time slider: what happened when, and the moment that the page shows. */
export function TimeBar({ run }: { run: RunModel }) {
  const { set } = useNavigation();
  const { ms, count, isEnd } = useMoment(run);
  const track = useRef<HTMLDivElement>(null);
  const [dragging, setDragging] = useState(false);
  const { log } = run;
  const end = Math.max(log.endMs, 1);

  const go = (index: number) => {
    if (index >= log.entries.length - 1) set({ t: "" }, true);
    else set({ t: String(log.entries[Math.max(0, index)].ms) }, true);
  };
  /** The next entry at another moment: several may have the same. */
  const step = (by: 1 | -1) => {
    let index = count - 1;
    const now = log.entries[index]?.ms ?? 0;
    while (log.entries[index + by] && log.entries[index].ms === now) index += by;
    go(by > 0 ? log.indexAt(log.entries[index].ms) : index);
  };
  useKeys((key) => {
    if (key === "ArrowRight") step(1);
    else if (key === "ArrowLeft") step(-1);
    else if (key === "Home") go(0);
    else if (key === "End") set({ t: "" }, true);
    else return false;
    return true;
  });
  const drag = (event: PointerEvent) => {
    const { left, width } = track.current!.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    set({ t: share >= 1 ? "" : String(Math.round(share * end * 1_000) / 1_000) }, true);
  };
  // The same picture while the moment moves.
  const picture = useMemo(() => <Track run={run} end={end} />, [log, log.entries.length]);
  const last = log.entries[count - 1];
  return (
    <div class="time-bar">
      <div class="time-buttons">
        <button type="button" onClick={() => step(-1)} aria-label="Event before (←)">‹</button>
        <button type="button" onClick={() => step(1)} aria-label="Next event (→)">›</button>
      </div>
      <div
        ref={track}
        class="track"
        role="slider"
        tabIndex={0}
        aria-label="Moment"
        aria-valuemin={0}
        aria-valuemax={Math.round(end)}
        aria-valuenow={Math.round(ms)}
        aria-valuetext={timeText(ms)}
        onPointerDown={(event) => {
          track.current!.setPointerCapture(event.pointerId);
          setDragging(true);
          drag(event);
        }}
        onPointerMove={(event) => dragging && drag(event)}
        onPointerUp={() => setDragging(false)}
        onPointerCancel={() => setDragging(false)}
      >
        {picture}
        <i class="track-past" style={{ width: percentOf(ms, end) }} />
        <i class="knob" style={{ left: percentOf(ms, end) }} />
      </div>
      <span class="time-now num" data-time>{timeText(ms)}</span>
      <span class="time-what" title={last && log.text(last)[1]}>
        {last ? `${last.node ?? "lab"}: ${log.text(last)[1].slice(0, 160)}` : ""}
      </span>
      <button
        type="button"
        class="button"
        aria-pressed={isEnd}
        onClick={() => set({ t: "" }, true)}
        title="Show the latest state (End)"
      >
        {run.live ? "Live" : "End"}
      </button>
    </div>
  );
}

const percentOf = (at: number, end: number) => `${Math.min(100, Math.max(0, at / end * 100))}%`;

/** What happened when: how much, faults, and custom events. */
function Track({ run, end }: { run: RunModel; end: number }) {
  const lanes = run.timeline.lanes();
  const faults = lanes.find(({ id }) => id === "faults");
  const custom = lanes.find(({ id }) => id === "custom");
  return (
    <>
      <Density run={run} end={end} />
      {faults && clusters(faults, 0, end, end / 200).map(({ from, to, first }) => (
        <i
          key={first.key}
          class="track-fault"
          style={{ left: percentOf(from, end), width: percentOf(Math.min(to, end) - from, end) }}
        />
      ))}
      {custom &&
        clusters(custom, 0, end, end / 120).map(({ from, first }) => (
          <i key={first.key} class="track-custom" style={{ left: percentOf(from, end) }} />
        ))}
    </>
  );
}

/** How much happened in each part of the run, on a logarithmic scale. */
function Density({ run, end }: { run: RunModel; end: number }) {
  const { log } = run;
  let before = 0;
  const counts = Array.from({ length: BARS }, (_, i) => {
    const index = log.indexAt((i + 1) * end / BARS) + 1;
    const count = index - before;
    before = index;
    return count;
  });
  const most = Math.log1p(Math.max(...counts));
  const path = counts.map((count, i) => {
    if (count === 0) return "";
    const height = 2 + 14 * Math.log1p(count) / most;
    return `M${i + 0.2} 16 V${16 - height} H${i + 0.8} V16 Z`;
  }).join("");
  return (
    <svg class="density" viewBox={`0 0 ${BARS} 16`} preserveAspectRatio="none" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
