/**
 * What the packets view alone needs: rows, the fields and bytes of one packet, the ladder. Imports
 * `../parts`, `../data` and `../../model/packets`. Begin here.
 *
 * @module
 */
import type { PacketSummary } from "../../../packets/mod.ts";
import type { PacketEntry } from "../../model/packets/packet_store.ts";
import { endsText, infoText, packetTime, packetTone } from "../../model/packets/words.ts";

/** The names of the columns. */
export function PacketHead() {
  return (
    <div class="row packet head" aria-hidden="true">
      <span class="num">Time, s</span>
      <span>Node</span>
      <span>Source</span>
      <span>Destination</span>
      <span>Protocol</span>
      <span>Info</span>
    </div>
  );
}

/** A packet in the list. */
export interface PacketRowProps {
  entry: PacketEntry;
  summary: PacketSummary;
  startMs: number;
  selected: boolean;
  /** Whether it is the last one at the moment of the slider. */
  now: boolean;
  onSelect(): void;
}

const WAYS = { in: ["←", "received"], out: ["→", "sent"] } as const;

/** A packet in the list: when, where, between which ends, and what it says. */
export function PacketRow({ entry, summary, startMs, selected, now, onSelect }: PacketRowProps) {
  const { place, frame } = entry;
  const { source, destination } = endsText(summary);
  const [sign, way] = frame.direction ? WAYS[frame.direction] : ["", ""];
  return (
    <div
      class={`row packet ${packetTone(summary)} ${selected ? "selected" : ""} ${now ? "now" : ""}`}
      role="row"
      aria-selected={selected}
      data-packet={`${place.node}/${place.interface}`}
      onClick={onSelect}
    >
      <span class="num">{packetTime(entry, startMs)}</span>
      <span title={`${place.node} ${place.interface} ${way}`}>
        <i class="way" aria-label={way}>{sign}</i>
        {place.node}
        <span class="quiet">{place.interface && ` ${place.interface}`}</span>
      </span>
      <span class="num" title={source}>{source}</span>
      <span class="num" title={destination}>{destination}</span>
      <span>{summary.protocol}</span>
      <span>{infoText(summary)}</span>
    </div>
  );
}
