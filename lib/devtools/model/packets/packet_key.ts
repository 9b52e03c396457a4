import type { PacketEntry, PacketStore } from "./packet_store.ts";

/**
 * A packet in the address of the page, such as `laptop/eth0@1764561234.000000042`: it stays the same when
 * files grow or are put together. Packets of one interface at the same moment are numbered.
 */
export function keyOf(store: PacketStore, entry: PacketEntry): string {
  const { frame, place, index } = entry;
  const entries = store.captures.get(place.path)?.entries ?? [];
  let n = 0;
  while (isAt(entries[index - n - 1], frame.seconds, frame.nanos)) n++;
  const nanos = String(frame.nanos).padStart(9, "0");
  return `${place.node}/${place.interface}@${frame.seconds}.${nanos}${n > 0 ? `~${n}` : ""}`;
}

/** Finds the packet of a key; undefined if it is not there. */
export function entryOf(store: PacketStore, key: string): PacketEntry | undefined {
  const match = /^(.*)@(\d+)\.(\d{9})(?:~(\d{1,6}))?$/.exec(key);
  if (!match) return undefined;
  const [, name, seconds, nanos, nth = "0"] = match;
  const [wantedSeconds, wantedNanos] = [Number(seconds), Number(nanos)];
  for (const { entries } of store.captures.values()) {
    const first = firstAt(entries, wantedSeconds, wantedNanos);
    const entry = entries[first + Number(nth)];
    if (
      isAt(entry, wantedSeconds, wantedNanos) &&
      `${entry.place.node}/${entry.place.interface}` === name
    ) return entry;
  }
  return undefined;
}

function isAt(entry: PacketEntry | undefined, seconds: number, nanos: number): boolean {
  return entry !== undefined && entry.frame.seconds === seconds && entry.frame.nanos === nanos;
}

/** The first packet at a moment. A file is nearly always in the order of time; else it is searched. */
function firstAt(entries: readonly PacketEntry[], seconds: number, nanos: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const { frame } = entries[middle];
    if (frame.seconds < seconds || frame.seconds === seconds && frame.nanos < nanos) {
      low = middle + 1;
    } else high = middle;
  }
  return isAt(entries[low], seconds, nanos)
    ? low
    : entries.findIndex((entry) => isAt(entry, seconds, nanos));
}
