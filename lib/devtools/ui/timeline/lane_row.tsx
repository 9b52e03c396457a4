import { type Cluster, clusters, type Lane, type LaneItem } from "../../model/lanes/lane.ts";
import { areaPath, valueAt } from "../../model/lanes/lanes.ts";
import { timeText } from "../../model/timeline.ts";
import type { RunModel } from "../data/run_model.ts";
import { viewHash } from "../navigation.ts";
import { PAD, type Range } from "./viewport.ts";

/** Items that begin within so many pixels are drawn as one. */
const GAP = 9;

/** A label needs so many pixels to the right of its item. */
const LABEL = 64;

/** The height of a value that is as high as it can be, in pixels. */
const AREA = 27;

/** Moments that have a label where there is room. */
const LABELLED = new Set(["custom", "log"]);

/** How a lane is drawn. */
export interface LaneRowProps {
  lane: Lane;
  run: RunModel;
  range: Range;
  /** Pixels a millisecond. */
  scale: number;
  /** The moment that the page shows. */
  ms: number;
  /** The key of the item that is chosen. */
  selected: string;
  onSelect(item: LaneItem): void;
  onJump(item: LaneItem): void;
}

/** A row of the timeline: its name, a value over time, and its items. */
export function LaneRow(props: LaneRowProps) {
  const { lane, run, range, scale, ms, selected, onSelect, onJump } = props;
  const value = lane.area && valueAt(lane.area, ms);
  const found = clusters(lane, range.from - LABEL / scale, range.to, GAP / scale);
  return (
    <div class="lane" role="row" data-lane={lane.title || lane.id}>
      <span class={`lane-name ${lane.part ? "quiet" : ""}`} title={lane.title}>
        {lane.node && !lane.part
          ? <a href={viewHash(run.id, "topology", { node: lane.node })}>{lane.title}</a>
          : <span class="lane-title">{lane.title}</span>}
        {value !== undefined && lane.node === null && (
          <span class="lane-value num">{lane.area!.text(value)}</span>
        )}
      </span>
      <div class="lane-track">
        {lane.area && (
          <svg class={`lane-area ${lane.node === null ? "host" : ""}`} aria-hidden="true">
            <path
              d={areaPath(lane.area, {
                ...range,
                left: PAD,
                scale,
                height: AREA,
              })}
            />
          </svg>
        )}
        {found.length > DENSE && (
          <DenseLane
            found={found}
            leftOf={(ms) => (ms - range.from) * scale + PAD}
            selected={selected}
            onSelect={onSelect}
            onJump={onJump}
          />
        )}
        {found.length <= DENSE && found.map((each, i) => (
          <Item
            key={each.first.key}
            cluster={each}
            left={(each.from - range.from) * scale + PAD}
            width={(Math.min(each.to, range.to) - each.from) * scale}
            room={((found[i + 1]?.from ?? range.to) - Math.min(each.to, range.to)) * scale}
            selected={each.first.key === selected}
            onSelect={() => onSelect(each.first)}
            onJump={() => onJump(each.first)}
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
  selected: string;
  onSelect(item: LaneItem): void;
  onJump(item: LaneItem): void;
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
    return found.reduce((best, each) => distance(each) < distance(best) ? each : best).first;
  };
  const kind = found.find(({ failed }) => !failed)?.first.kind ?? "error";
  const marked = found.find(({ first }) => first.key === selected);
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
    (isBar ? width - hidden > LABEL || room > LABEL : LABELLED.has(first.kind) && room > LABEL);
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
      data-item={first.key}
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
