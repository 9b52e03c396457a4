import type { EventLog, LogEntry } from "./event_log.ts";
import type { ItemKind, Lane, LaneItem } from "./lanes/lane.ts";

/** Something on the timeline: a moment, or a time during which something lasted. */
export class TimelineItem implements LaneItem {
  readonly kind: ItemKind;
  /** Milliseconds since the lab started. */
  readonly from: number;
  /** The same as `from` for a moment; Infinity for what has not ended. */
  to: number;
  /** The index of the event that began it. */
  readonly entry: number;
  failed: boolean;
  readonly #text: string | undefined;
  readonly #log: EventLog;

  /** `text` is its label; without one, the description of its event is. */
  constructor(
    log: EventLog,
    entry: LogEntry,
    kind: ItemKind,
    to: number,
    failed: boolean,
    text: string | undefined,
  ) {
    this.kind = kind;
    this.from = entry.ms;
    this.to = to;
    this.entry = entry.index;
    this.failed = failed;
    this.#text = text;
    this.#log = log;
  }

  /** Names it in the address of the page. */
  get key(): string {
    return String(this.entry);
  }

  /** A few words. They are made when they are shown: there may be hundreds of thousands of items. */
  get label(): string {
    return this.#text ?? this.#log.text(this.#log.entries[this.entry])[1];
  }
}

/** Lanes that come before those of nodes, if they have items. */
const LAB_LANES: readonly [id: string, title: string][] = [
  ["steps", "Steps"],
  ["faults", "Faults"],
  ["custom", "Custom events"],
  ["conditions", "Conditions"],
  ["lab", "Lab"],
];

const CONDITIONS = new Set([
  "condition-changed",
  "downlink-condition-changed",
  "bridge-impairments-changed",
  "bridge-partitions-changed",
  "region-linked",
  "region-link-broken",
  "region-link-restored",
  "family-broken",
]);

const LINKS = new Set([
  "link-up",
  "link-down",
  "interface-replugged",
  "default-route-changed",
  "member-disconnected",
  "member-reconnected",
  "nat-changed",
  "nat-flushed",
  "firewall-changed",
  "prefix-delegated",
]);

/** Custom events by which simulations report their steps. */
const STEP_STARTED = "step-started";
const STEP_ENDED = "step-ended";

/** The lanes of a run, which follow its log as it grows. */
export class Timeline {
  readonly #log: EventLog;
  readonly #lab = new Map<string, Lane>();
  readonly #nodes = new Map<string, Lane>();
  /** What has begun and not ended, by the name that its end has. */
  readonly #open = new Map<string, TimelineItem[]>();
  #done = 0;

  constructor(log: EventLog) {
    this.#log = log;
    for (const [id, title] of LAB_LANES) this.#lab.set(id, { id, title, node: null, items: [] });
  }

  /** The lanes that have something, those of the lab first, and nodes in the order of their first event. */
  lanes(): Lane[] {
    this.#follow();
    const lab = [...this.#lab.values()].filter(({ items }) => items.length > 0);
    return [...lab, ...this.#nodes.values()];
  }

  #follow(): void {
    const { entries } = this.#log;
    for (; this.#done < entries.length; this.#done++) this.#add(entries[this.#done]);
  }

  #add(entry: LogEntry): void {
    const { event } = entry;
    if (!event) return this.#put(entry, "lab", "error", true);
    switch (event.kind) {
      case "custom":
        return this.#custom(entry, event.name, event.data);
      case "fault-injected":
        return this.#begin(entry, "faults", "fault", `fault ${event.id}`);
      case "fault-healed":
        return this.#end(`fault ${event.id}`, entry.ms);
      case "fault-failed":
        return this.#end(`fault ${event.id}`, entry.ms, true);
      case "schedule-step":
        return this.#put(entry, "steps", "step", event.error !== null && event.error !== undefined);
      case "command-started":
      case "task-started":
        return this.#begin(entry, entry.node, "program", `program ${event.id}`);
      case "command-ended":
        return this.#end(
          `program ${event.id}`,
          entry.ms,
          event.code !== 0 && event.signal === null,
        );
      case "task-ended":
        return this.#end(`program ${event.id}`, entry.ms, event.error !== null);
      case "lab-closed":
        for (const items of this.#open.values()) for (const item of items) item.to = entry.ms;
        this.#open.clear();
        return this.#put(entry, "lab", "topology");
    }
    if (CONDITIONS.has(event.kind)) this.#put(entry, "conditions", "condition");
    const failed = event.kind.endsWith("-failed");
    const kind = failed
      ? "error"
      : CONDITIONS.has(event.kind)
      ? "condition"
      : LINKS.has(event.kind)
      ? "link"
      : "topology";
    if (entry.node !== null || !CONDITIONS.has(event.kind)) {
      this.#put(entry, entry.node ?? "lab", kind, failed);
    }
  }

  #custom(entry: LogEntry, name: string, data: unknown): void {
    const step = stepOf(data);
    if (name === STEP_STARTED && step) {
      return this.#begin(entry, "steps", "step", `step ${step.number}`, step.label);
    }
    if (name === STEP_ENDED && step) {
      const bad = step.status !== "passed" && step.status !== "skipped";
      return this.#end(`step ${step.number}`, entry.ms, bad);
    }
    this.#put(entry, "custom", "custom", false, name);
    if (entry.node !== null) this.#put(entry, entry.node, "custom", false, name);
  }

  #lane(name: string | null): Lane {
    const lab = this.#lab.get(name ?? "lab");
    if (lab) return lab;
    let lane = this.#nodes.get(name!);
    if (!lane) {
      lane = { id: `node:${name}`, title: name!, node: name, items: [] };
      this.#nodes.set(name!, lane);
    }
    return lane;
  }

  #put(
    entry: LogEntry,
    lane: string | null,
    kind: ItemKind,
    failed = false,
    label?: string,
  ): void {
    const item = new TimelineItem(this.#log, entry, kind, entry.ms, failed, label);
    this.#lane(lane).items.push(item);
  }

  #begin(entry: LogEntry, lane: string | null, kind: ItemKind, id: string, label?: string): void {
    const item = new TimelineItem(this.#log, entry, kind, Infinity, false, label);
    this.#lane(lane).items.push(item);
    const open = this.#open.get(id);
    if (open) open.push(item);
    else this.#open.set(id, [item]);
  }

  #end(id: string, ms: number, failed = false): void {
    const items = this.#open.get(id);
    for (const item of items ?? []) {
      item.to = ms;
      item.failed = failed;
    }
    this.#open.delete(id);
  }
}

function stepOf(
  data: unknown,
): { number: number; label: string; status: string | undefined } | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { number, id, action, status } = data as Record<string, unknown>;
  if (typeof number !== "number") return undefined;
  return {
    number,
    label: [id, action].filter((each) => typeof each === "string").join(" · "),
    status: typeof status === "string" ? status : undefined,
  };
}

/** Round distances for the ticks of a time axis. */
const STEPS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000];

/** The ticks of a time axis: at most about `count`, at round moments. */
export function ticks(from: number, to: number, count: number): number[] {
  const least = (to - from) / count;
  let step = STEPS_MS.find((each) => each >= least) ?? 60_000;
  while (step < least) step *= 2;
  if (least < 1) step = 10 ** Math.ceil(Math.log10(Math.max(least, 1e-3)));
  const found: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found;
}

/** A moment of a run as text: `12.345 s`, `1:02.5`. */
export function timeText(ms: number, digits = 3): string {
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(digits)} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds - minutes * 60).toFixed(Math.min(digits, 1));
  const [whole, part] = rest.split(".");
  const shown = `${whole.padStart(2, "0")}${part ? `.${part}` : ""}`;
  return minutes < 60
    ? `${minutes}:${shown}`
    : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${shown}`;
}
