import type { Travel } from "../../model/packets/conversation.ts";
import type { Dot, Ladder } from "../../model/packets/ladder.ts";
import type { PacketEntry } from "../../model/packets/packet_store.ts";
import { packetTime, spanText } from "../../model/packets/words.ts";

/** Where the columns are, in pixels. */
export interface Places {
  width: number;
  /** The distance of two columns. */
  step: number;
  x(column: number): number;
}

/** Narrower pictures have smaller margins and more lines. */
export const NARROW = 640;
/** Room for a time on the right, in pixels. */
const RIGHT = 24;
const LEAST_STEP = 80;
const MOST_STEP = 250;

/** Spreads columns over a width; wider than it if they would be too near to each other. */
export function placesOf(columns: number, width: number): Places {
  const gutter = width < NARROW ? 54 : 84;
  const free = Math.max(0, width - gutter - RIGHT);
  const step = Math.min(MOST_STEP, Math.max(LEAST_STEP, free / Math.max(1, columns)));
  const all = step * columns;
  const left = gutter + Math.max(0, (free - all) / 2);
  return {
    width: Math.max(width, gutter + all + RIGHT),
    step,
    x: (column) => Math.round(left + (column + 0.5) * step),
  };
}

/** What a picture is drawn from. */
export interface LadderPictureProps {
  ladder: Ladder;
  travels: readonly Travel[];
  places: Places;
  startMs: number;
  /** The place of the selected packet. */
  marked: Dot | undefined;
  onSelect(entry: PacketEntry): void;
}

/** The lines and texts of a ladder. */
export function LadderPicture(props: LadderPictureProps) {
  const { ladder, travels, places, startMs, marked, onSelect } = props;
  const { x, width, step } = places;
  const toneOf = (travel: number) => {
    const { kind } = travels[travel].fate;
    const tone = kind === "lost" || kind === "stopped" ? "bad" : "plain";
    return `${tone} ${marked?.travel === travel ? "selected" : ""}`;
  };
  const dotTitle = ({ hop }: Dot) =>
    [
      `${hop.node} ${hop.interface}${hop.direction ? `, ${hop.direction}` : ""}`,
      `${packetTime(hop.entry, startMs)} s`,
      ...hop.changes,
    ].join("\n");
  const ends = new Map(ladder.dots.map((dot) => [dot.travel, dot]));
  return (
    <div class="ladder-picture" style={{ height: ladder.height }}>
      <svg width={width} height={ladder.height} aria-hidden="true">
        {ladder.columns.map((name, i) => (
          <path key={name} class="lifeline" d={`M${x(i) + 0.5} 0 V${ladder.height}`} />
        ))}
        {ladder.arrows.map(({ from, to, travel, kind }, i) =>
          kind === "node"
            ? (
              <path
                key={i}
                class={`stay ${toneOf(travel)}`}
                d={`M${x(from.column) + 0.5} ${from.y} V${to.y}`}
              />
            )
            : <Arrow key={i} tone={toneOf(travel)} from={at(from, x)} to={at(to, x)} />
        )}
        {ladder.dots.map((dot, i) => (
          <g key={i} class={`dot ${toneOf(dot.travel)} ${dot === marked ? "marked" : ""}`}>
            <circle cx={x(dot.column) + 0.5} cy={dot.y} r={dot === marked ? 5 : 3} />
            <circle
              class="hit"
              cx={x(dot.column) + 0.5}
              cy={dot.y}
              r="10"
              data-dot={`${dot.hop.node}/${dot.hop.interface}`}
              data-travel={dot.travel}
              onClick={() =>
                onSelect(dot.hop.entry)}
            >
              <title>{dotTitle(dot)}</title>
            </circle>
          </g>
        ))}
        {ladder.titles.map(({ travel, side }) => {
          const { column, y, hop } = ends.get(travel)!;
          const { hops, fate } = travels[travel];
          const isRight = side === "right";
          return fate.kind !== "lost" && fate.kind !== "stopped" && hops.length > 1 && (
            <text
              key={travel}
              class={`took total ${isRight ? "right" : "left"} ${toneOf(travel)}`}
              x={x(column) + (isRight ? 9 : -9)}
              y={y + 4}
            >
              {`+${spanText(hop.timeMs - hops[0].timeMs)}`}
            </text>
          );
        })}
        {ladder.arrows.map(({ from, to, travel, kind, tookMs }, i) =>
          kind === "link" && tookMs >= 0.5 && (
            <text
              key={i}
              class={`took ${toneOf(travel)}`}
              x={between(x(from.column), x(to.column), from, to)}
              y={between(from.y, to.y, from, to) - 5}
            >
              {spanText(tookMs)}
            </text>
          )
        )}
        {ladder.marks.map((mark, i) => {
          const from = ends.get(mark.travel)!;
          const end = { x: markX(mark, x), y: mark.y };
          return (
            <g key={i} class={`fate ${toneOf(mark.travel)}`}>
              <path class="lost-line" d={`M${x(from.column)} ${from.y} L${end.x} ${end.y}`} />
              <path class="cross" d={`M${end.x - 4.5} ${end.y - 4.5} l9 9 m0 -9 l-9 9`} />
            </g>
          );
        })}
      </svg>
      {ladder.notes.map(({ column, y, travel, lines }, i) => (
        <div
          key={i}
          class={`ladder-note ${toneOf(travel)}`}
          style={{ left: x(column), top: y, maxWidth: Math.max(116, 2 * step - 24) }}
          data-note={ladder.columns[column]}
        >
          {lines.map(([from, to]) => (
            <span key={from}>
              <span class="old">{from}</span>
              <span class="new">
                <i>→</i> {to}
              </span>
            </span>
          ))}
        </div>
      ))}
      {ladder.titles.map(({ column, y, travel, side }) => {
        const { title, repeats, hops } = travels[travel];
        const left = x(column);
        const place = side === "right"
          ? { left: left - 3, maxWidth: width - left - 8 }
          : { right: width - left - 3, maxWidth: left - 66 };
        return (
          <div
            key={travel}
            class={`ladder-title ${side} ${toneOf(travel)}`}
            style={{ ...place, top: y - 15 }}
            data-travel={travel}
            title={`${title.protocol} ${title.ends} ${title.info}`}
            onClick={() => onSelect(hops[0].entry)}
          >
            {repeats > 0 && (
              <span class="tag" title="The same was sent before">
                {repeats === 1 ? "again" : `again, ${repeats + 1}×`}
              </span>
            )}
            <b>{title.protocol}</b>
            <span class="num">{title.ends}</span>
            <span class="quiet">{title.info}</span>
          </div>
        );
      })}
      {ladder.marks.map((mark) => (
        <Why
          key={mark.travel}
          mark={mark}
          at={markX(mark, x)}
          width={width}
          tone={toneOf(mark.travel)}
        />
      ))}
      {ladder.titles.map(({ y, travel }) => (
        <div key={travel} class={`ladder-time num ${toneOf(travel)}`} style={{ top: y }}>
          {packetTime(travels[travel].hops[0].entry, startMs)}
        </div>
      ))}
    </div>
  );
}

const at = ({ column, y }: Dot, x: (column: number) => number) => ({ x: x(column), y });

/** The middle of an arrow; of a steep one, nearer to its end, where fewer others are. */
function between(a: number, b: number, from: Dot, to: Dot): number {
  return a + (b - a) * (to.y - from.y > 60 ? 0.7 : 0.5);
}

/** A packet that was lost on a link ends in the middle of it. */
function markX(
  { column, towards = column }: Ladder["marks"][number],
  x: (column: number) => number,
): number {
  return Math.round((x(column) + x(towards)) / 2);
}

/** A text needs so many pixels beside its mark. */
const ROOM = 170;

interface WhyProps {
  mark: Ladder["marks"][number];
  at: number;
  width: number;
  tone: string;
}

function Why({ mark, at, width, tone }: WhyProps) {
  const { y, kind, why, side } = mark;
  const [right, left] = [width - at - 20, at - 70];
  const isRight = side === "right" ? right >= ROOM || right >= left : left < ROOM && right > left;
  const place = isRight
    ? { left: at + 12, maxWidth: right }
    : { right: width - at + 12, maxWidth: left };
  return (
    <div
      class={`ladder-why ${isRight ? "right" : "left"} ${tone}`}
      style={{ ...place, top: y - 8 }}
      data-fate={kind}
    >
      <b>{kind === "lost" ? "Lost" : "Dropped"}</b> {why}
    </div>
  );
}

interface ArrowProps {
  tone: string;
  from: { x: number; y: number };
  to: { x: number; y: number };
}

function Arrow({ tone, from, to }: ArrowProps) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  // The head ends at the dot.
  const [tipX, tipY] = [to.x - dx * 4, to.y - dy * 4];
  const [baseX, baseY] = [tipX - dx * 7, tipY - dy * 7];
  return (
    <g class={`arrow ${tone}`}>
      <path d={`M${from.x} ${from.y} L${baseX} ${baseY}`} />
      <path
        class="tip"
        d={`M${tipX} ${tipY} L${baseX - dy * 3.2} ${baseY + dx * 3.2} L${baseX + dy * 3.2} ${
          baseY - dx * 3.2
        } Z`}
      />
    </g>
  );
}
