/**
 * The packets of a run: from capture files to a list on one clock (`packet_store.ts`), filtered
 * (`packet_scan.ts`), followed through the lab (`conversation.ts`, `fate.ts`) and laid out as a ladder
 * (`ladder.ts`). Pure, and safe for browsers. Imports `packets` and `events`. Begin here.
 *
 * @module
 */
import {
  type CaptureInterface,
  CaptureReader,
  Conversations,
  type Frame,
  type PacketSummary,
  summarise,
  TLS_KEY_LOG,
} from "../../../packets/mod.ts";

/** The interface that saw a packet. */
export interface PacketPlace {
  readonly node: string;
  readonly interface: string;
  /** The file, below the directory of the run. */
  readonly path: string;
}

/** A packet in the list of all captures. */
export interface PacketEntry {
  readonly frame: Frame;
  readonly place: PacketPlace;
  /** Its place among the packets of its file, from 0. */
  readonly index: number;
  /** Nanoseconds since the second in which the first packet that was read was seen. */
  readonly time: number;
  /** What the list shows of it; undefined until it was decoded in its order. */
  summary: PacketSummary | undefined;
}

/** A capture file, as far as it is read. */
export interface CaptureState {
  readonly path: string;
  readonly reader: CaptureReader;
  readonly entries: PacketEntry[];
  readonly places: Map<CaptureInterface, PacketPlace>;
}

/** More packets are not kept: each takes some 600 bytes of memory. */
const MOST_PACKETS = 500_000;

/** The packets of all captures of a run, in the order of time. */
export class PacketStore {
  /** All packets that were merged, the oldest first. Another array once older ones were put in. */
  entries: PacketEntry[] = [];
  /** How many packets each node saw. */
  readonly nodes = new Map<string, number>();
  /** How many packets have each protocol, of those that were decoded. */
  readonly protocols = new Map<string, number>();
  /** Whether packets were left out, because there are too many. */
  isFull = false;
  readonly #captures = new Map<string, CaptureState>();
  readonly #most: number;
  #conversations = new Conversations();
  #pending: PacketEntry[] = [];
  #firstSecond: number | undefined;
  #count = 0;

  constructor(most = MOST_PACKETS) {
    this.#most = most;
  }

  /** The files that were read, by their paths. */
  get captures(): ReadonlyMap<string, CaptureState> {
    return this.#captures;
  }

  /** Secrets of TLS connections in the files, each once. */
  get secrets(): Uint8Array[] {
    const kept: Uint8Array[] = [];
    for (const { reader } of this.#captures.values()) {
      for (const { data, type } of reader.secrets) {
        if (type === TLS_KEY_LOG && !kept.some((each) => isSame(each, data))) kept.push(data);
      }
    }
    return kept;
  }

  /** Takes the next bytes of a file; they show after {@linkcode PacketStore.merge}. */
  feed(path: string, bytes: Uint8Array): void {
    let capture = this.#captures.get(path);
    if (!capture) {
      capture = { path, reader: new CaptureReader(), entries: [], places: new Map() };
      this.#captures.set(path, capture);
    }
    for (const frame of capture.reader.feed(bytes)) {
      if (this.#count >= this.#most) {
        this.isFull = true;
        return;
      }
      this.#firstSecond ??= frame.seconds;
      const entry: PacketEntry = {
        frame,
        place: placeOf(capture, frame.interface),
        index: capture.entries.length,
        time: (frame.seconds - this.#firstSecond) * 1e9 + frame.nanos,
        summary: undefined,
      };
      this.#count++;
      capture.entries.push(entry);
      this.#pending.push(entry);
      add(this.nodes, entry.place.node, 1);
    }
  }

  /** Removes a file, which was replaced or is not there any more. */
  remove(path: string): void {
    const capture = this.#captures.get(path);
    if (!capture) return;
    this.#captures.delete(path);
    this.#count -= capture.entries.length;
    for (const { place, summary } of capture.entries) {
      add(this.nodes, place.node, -1);
      if (summary) add(this.protocols, summary.protocol, -1);
    }
    const isLeft = ({ place }: PacketEntry) => this.#captures.has(place.path);
    this.entries = this.entries.filter(isLeft);
    this.#pending = this.#pending.filter(isLeft);
  }

  /** Puts the packets that were read into the list; returns whether there were any. */
  merge(): boolean {
    if (this.#pending.length === 0) return false;
    const added = this.#pending.sort(byTime);
    this.#pending = [];
    const last = this.entries.at(-1);
    if (last && byTime(last, added[0]) > 0) this.entries = mergedWith(this.entries, added);
    else for (const entry of added) this.entries.push(entry);
    return true;
  }

  /** Decodes a packet for the list and for good: call it in the order of time. */
  decode(entry: PacketEntry): PacketSummary {
    if (!entry.summary) {
      entry.summary = summarise(entry.frame, this.#conversations);
      add(this.protocols, entry.summary.protocol, 1);
    }
    return entry.summary;
  }

  /** What the list shows of a packet now: without what only its connection tells, if that is not known yet. */
  summary(entry: PacketEntry): PacketSummary {
    return entry.summary ?? summarise(entry.frame);
  }

  /** The index of the last packet at or before a time (in milliseconds since 1970); -1 before the first. */
  indexAt(timeMs: number): number {
    return lastAt(this.entries, timeMs);
  }
}

/** Puts packets into a list; both are in the order of time. */
function mergedWith(entries: PacketEntry[], added: readonly PacketEntry[]): PacketEntry[] {
  // Files are read at one pace: most of what is new comes near the end.
  const from = firstAfter(entries, added[0]);
  const merged = entries.slice(0, from);
  let at = 0;
  for (let i = from; i < entries.length; i++) {
    while (at < added.length && byTime(added[at], entries[i]) < 0) merged.push(added[at++]);
    merged.push(entries[i]);
  }
  while (at < added.length) merged.push(added[at++]);
  return merged;
}

function firstAfter(entries: readonly PacketEntry[], entry: PacketEntry): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byTime(entries[middle], entry) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the last of some packets at or before a time (in milliseconds since 1970). */
export function lastAt(entries: readonly PacketEntry[], timeMs: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle].frame.timeMs <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The place of a packet in a list in the order of time; -1 if it is not in it. */
export function positionOf(entries: readonly PacketEntry[], entry: PacketEntry): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byTime(entries[middle], entry) < 0) low = middle + 1;
    else high = middle;
  }
  for (let i = low; entries[i]?.time === entry.time; i++) if (entries[i] === entry) return i;
  return -1;
}

/** By time; at one moment, as the way of a packet is: it leaves a node before it comes to the next. */
export function byTime(a: PacketEntry, b: PacketEntry): number {
  return a.time - b.time;
}

function placeOf(capture: CaptureState, on: CaptureInterface): PacketPlace {
  let place = capture.places.get(on);
  if (!place) {
    const [node, ...rest] = (on.name ?? "").split(" ");
    const file = capture.path.replace(/^.*\//, "").replace(/(?:~older)?\.pcapng$/, "");
    place = node
      ? { node, interface: rest.join(" "), path: capture.path }
      : { node: file, interface: "", path: capture.path };
    capture.places.set(on, place);
  }
  return place;
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
