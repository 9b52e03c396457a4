import { plainText } from "../../model/log_lines.ts";
import { bodyText, type TelemetryItem } from "../../model/lanes/telemetry.ts";
import { timeText } from "../../model/timeline.ts";
import type { RunModel } from "../data/run_model.ts";
import { viewHash } from "../navigation.ts";
import { durationText } from "../parts/words.ts";
import { hasLog } from "./item_panel.tsx";

/** The most attributes and events that are listed, and how long a value may be. */
const MOST = 100;
const LONGEST = 2_000;

/** A span or a line of a log that a program sent. */
export interface SpanPanelProps {
  run: RunModel;
  item: TelemetryItem;
  onSelect(item: TelemetryItem): void;
  onClose(): void;
}

/** The panel of a span or of a line of a log: what the program said of it. */
export function SpanPanel({ run, item, onSelect, onClose }: SpanPanelProps) {
  const { record, from, failed } = item;
  const isSpan = record.type === "span";
  const { node, service, scope, attributes, traceId } = record;
  const around = traceId && run.telemetry.span(
    traceId,
    isSpan ? record.parentSpanId : record.spanId ?? null,
  );
  const place = { t: String(from), node };
  const event = run.log.entries[run.log.indexAt(from)];
  return (
    <aside class="side" aria-label={isSpan ? "Span" : "Log record"}>
      <div class="side-head">
        <h2>{isSpan ? item.label : "Log record"}</h2>
        <span class="quiet">{isSpan ? "span" : record.severity}</span>
        <button type="button" class="close" aria-label="Close" onClick={onClose}>×</button>
      </div>
      {!isSpan && (
        <p class={failed ? "problem" : ""}>{plainText(bodyText(record.body).slice(0, LONGEST))}</p>
      )}
      {isSpan && failed && <p class="problem">{plainText(record.statusMessage || "It failed.")}</p>}
      <dl class="facts">
        <dt>Time</dt>
        <dd class="num">{timeText(from)}</dd>
        {isSpan && (
          <>
            <dt>Duration</dt>
            <dd class="num">{durationText(item.to - from)}</dd>
          </>
        )}
        <dt>Node</dt>
        <dd>{node}</dd>
        {service !== node && (
          <>
            <dt>Service</dt>
            <dd>{plainText(service)}</dd>
          </>
        )}
        {isSpan && record.kind !== "internal" && record.kind !== "unspecified" && (
          <>
            <dt>Kind</dt>
            <dd>{plainText(record.kind)}</dd>
          </>
        )}
        {scope && (
          <>
            <dt>Library</dt>
            <dd>{plainText(scope)}</dd>
          </>
        )}
        {around && (
          <>
            <dt>Inside</dt>
            <dd>
              <button type="button" class="link-button" onClick={() => onSelect(around)}>
                {around.label}
              </button>
              {around.record.node !== node && <span class="quiet">of {around.record.node}</span>}
            </dd>
          </>
        )}
      </dl>
      <div class="links">
        {hasLog(run, node) && (
          <a class="button primary" href={viewHash(run.id, "logs", place)}>Log at this moment</a>
        )}
        {event && (
          <a
            class="button"
            href={viewHash(run.id, "events", { event: String(event.index), t: place.t })}
          >
            Events
          </a>
        )}
        <a class="button" href={viewHash(run.id, "topology", place)}>Topology</a>
      </div>
      <Attributes title="Attributes" attributes={attributes} />
      {isSpan && record.events && record.events.length > 0 && (
        <section class="side-section">
          <h3>Moments in it</h3>
          {record.events.slice(0, MOST).map((event, i) => <Moment key={i} event={event} />)}
        </section>
      )}
    </aside>
  );
}

/** A moment in a span. The file may be damaged: its fields may be anything. */
function Moment({ event }: { event: unknown }) {
  const { name, elapsedMs, attributes } = (event ?? {}) as Record<string, unknown>;
  return (
    <>
      <p>
        <span class="num">{typeof elapsedMs === "number" ? timeText(elapsedMs) : ""}</span>{" "}
        <b>{plainText(String(name ?? ""))}</b>
      </p>
      <Attributes attributes={attributes} />
    </>
  );
}

function Attributes({ title, attributes }: { title?: string; attributes: unknown }) {
  const all = typeof attributes === "object" && attributes ? Object.entries(attributes) : [];
  if (all.length === 0) return null;
  const list = (
    <dl class="facts">
      {all.slice(0, MOST).map(([name, value]) => (
        <>
          <dt key={name}>{plainText(name)}</dt>
          <dd>{plainText(bodyText(value).slice(0, LONGEST))}</dd>
        </>
      ))}
    </dl>
  );
  return title
    ? (
      <section class="side-section">
        <h3>{title}</h3>
        {list}
      </section>
    )
    : list;
}
