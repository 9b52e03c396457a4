import {
  type LogRecord,
  parseTelemetry,
  type SpanRecord,
  type TelemetryRecord,
} from "../../../telemetry/record.ts";
import type { ItemKind, Lane, LaneItem } from "./lane.ts";
import { type Line, LineReader } from "../lines.ts";
import { plainText } from "../log_lines.ts";

/** The most records that are kept. */
const MOST = 200_000;

/** Rows of spans that a node has at most; spans that are deeper are in the last. */
const MOST_ROWS = 8;

const LONGEST_LABEL = 200;

/** A span or a line of a log on the timeline. */
export class TelemetryItem implements LaneItem {
  readonly kind: ItemKind;
  readonly from: number;
  readonly to: number;
  readonly failed: boolean;
  readonly record: SpanRecord | LogRecord;
  readonly #index: number;

  /** `index` is its place among the records. */
  constructor(record: SpanRecord | LogRecord, index: number) {
    this.record = record;
    this.#index = index;
    const isSpan = record.type === "span";
    this.kind = isSpan ? "span" : "log";
    // Programs say their own times; one that ended before it began is a moment.
    this.from = isSpan ? record.startMs : record.elapsedMs;
    this.to = isSpan ? Math.max(record.startMs, record.endMs) : this.from;
    this.failed = isSpan
      ? record.status === "error"
      : record.severity === "error" || record.severity === "fatal";
  }

  get key(): string {
    return `t${this.#index}`;
  }

  get label(): string {
    const { record } = this;
    const text = record.type === "span" ? record.name : bodyText(record.body);
    return plainText(text.slice(0, LONGEST_LABEL)).trim();
  }
}

/** The body of a log record as text. */
export function bodyText(body: unknown): string {
  return typeof body === "string" ? body : JSON.stringify(body) ?? "";
}

/** The spans and logs of a run, from `telemetry.jsonl`, which may grow. */
export class Telemetry {
  readonly #reader = new LineReader();
  /** By the number in their key; undefined for metrics. */
  readonly #items: (TelemetryItem | undefined)[] = [];
  readonly #nodes = new Map<string, { spans: TelemetryItem[]; logs: TelemetryItem[] }>();
  readonly #spans = new Map<string, TelemetryItem>();
  readonly #lanes = new Map<string, { count: number; lanes: Lane[] }>();
  /** Lines that could not be read. */
  damaged = 0;
  /** Records that were left out. */
  left = 0;

  /** The offset of the byte that must be read next. */
  get nextByte(): number {
    return this.#reader.next;
  }

  /** The number of records. */
  get count(): number {
    return this.#items.length;
  }

  /** The nodes that have spans or logs. */
  get nodes(): string[] {
    return [...this.#nodes.keys()];
  }

  /** Takes the next bytes of the file. */
  push(bytes: Uint8Array): void {
    for (const line of this.#reader.push(bytes)) this.#add(line);
  }

  /** The item with a key. */
  item(key: string): TelemetryItem | undefined {
    return key.startsWith("t") ? this.#items[Number(key.slice(1))] : undefined;
  }

  /** The span with an ID, in the same trace. */
  span(traceId: string, spanId: string | null): TelemetryItem | undefined {
    return this.#spans.get(`${traceId} ${spanId}`);
  }

  /** The lanes of a node: rows of spans, nested ones below those that they are in, and what it logged. */
  lanesOf(node: string): Lane[] {
    const found = this.#nodes.get(node);
    if (!found) return [];
    const count = found.spans.length + found.logs.length;
    const known = this.#lanes.get(node);
    if (known?.count === count) return known.lanes;
    const lanes = this.#rows(found.spans).map((items, row): Lane => ({
      id: `spans:${row}:${node}`,
      title: row === 0 ? `${node} spans` : "",
      node,
      part: "spans",
      items,
    }));
    if (found.logs.length > 0) {
      const items = found.logs.toSorted((a, b) => a.from - b.from);
      lanes.push({ id: `log:${node}`, title: `${node} log`, node, part: "log", items });
    }
    this.#lanes.set(node, { count, lanes });
    return lanes;
  }

  /** Puts each span into the first row that is free, below that of its parent. */
  #rows(spans: readonly TelemetryItem[]): TelemetryItem[][] {
    const rows: TelemetryItem[][] = [];
    const rowOf = new Map<TelemetryItem, number>();
    // Of spans that begin together, the longer one is around the other.
    for (const item of spans.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
      const { traceId, parentSpanId, node } = item.record as SpanRecord;
      const parent = this.span(traceId, parentSpanId);
      let row = parent?.record.node === node ? (rowOf.get(parent) ?? -1) + 1 : 0;
      while (row < MOST_ROWS - 1 && (rows[row]?.at(-1)?.to ?? -Infinity) > item.from) row++;
      row = Math.min(row, MOST_ROWS - 1, rows.length);
      (rows[row] ??= []).push(item);
      rowOf.set(item, row);
    }
    return rows;
  }

  #add({ text, cut }: Line): void {
    const record = cut > 0 ? undefined : parseTelemetry(text);
    if (!record) {
      if (text.trim() !== "" || cut > 0) this.damaged++;
      return;
    }
    if (this.#items.length >= MOST) {
      this.left++;
      return;
    }
    this.#items.push(this.#itemOf(record));
  }

  #itemOf(record: TelemetryRecord): TelemetryItem | undefined {
    if (record.type === "metric") return undefined;
    const item = new TelemetryItem(record, this.#items.length);
    if (!Number.isFinite(item.from) || !Number.isFinite(item.to)) return undefined;
    const node = this.#nodes.get(record.node) ?? { spans: [], logs: [] };
    this.#nodes.set(record.node, node);
    if (record.type === "log") node.logs.push(item);
    else {
      node.spans.push(item);
      this.#spans.set(`${record.traceId} ${record.spanId}`, item);
    }
    return item;
  }
}
