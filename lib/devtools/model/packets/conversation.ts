import {
  destinationText,
  type Form,
  type Hop,
  type Journey,
  type PacketSummary,
  sourceText,
  type TraceCapture,
  traceJourneys,
} from "../../../packets/mod.ts";
import { type Fate, type FateContext, fateOf } from "./fate.ts";
import { lastAt, type PacketEntry, type PacketStore } from "./packet_store.ts";

/** A packet on its way, as the ladder shows it. */
export interface Travel {
  hops: readonly TravelHop[];
  fate: Fate;
  /** The protocol, the ends and what it says, at its first hop. */
  title: { protocol: string; ends: string; info: string };
  /** How often the same was sent before, by the same sender to the same receiver. */
  repeats: number;
}

/** A place on the way of a packet. */
export interface TravelHop {
  entry: PacketEntry;
  node: string;
  interface: string;
  direction: "in" | "out" | undefined;
  /** Milliseconds since 1970. */
  timeMs: number;
  /** The translation since the hop before: the ends that changed, from and to. */
  translated: { from: string; to: string }[];
  /** All that changed since the hop before, in words. */
  changes: string[];
}

/** The packets of a conversation, and how much of it was looked at. */
export interface Conversation {
  travels: Travel[];
  /** The travel of the packet that was asked for. */
  selected: number;
  /** Travels before and after those that are there. */
  before: number;
  after: number;
}

/** Packets are looked for so long before and after the one that was asked for. */
const AROUND_MS = 15_000;
/** Packets that are followed at most: some 0.1 s of work. */
const MOST_PACKETS = 12_000;
/** Travels that are returned: more cannot be read in one picture. */
const MOST_TRAVELS = 60;

/**
 * Follows a packet and those of its conversation, in both directions, through all captures around it.
 *
 * @param endedMs When the captures ended, in milliseconds since 1970.
 */
export function conversationOf(
  store: PacketStore,
  entry: PacketEntry,
  context: FateContext,
  endedMs: number,
): Conversation | undefined {
  const entries = around(store, entry);
  const known = new Map(entries.map((each) => [each.frame, each]));
  const byPlace = Map.groupBy(entries, ({ place }) => place);
  // An interface that saw nothing of it says so: the packet did not come there.
  const places = [...store.captures.values()].flatMap((capture) => [...capture.places.values()]);
  const captures = places.map((place): TraceCapture => ({
    node: place.node,
    interface: place.interface,
    frames: (byPlace.get(place) ?? []).map(({ frame }) => frame),
  }));
  const journeys = traceJourneys(captures, { ownerOf: context.ownerOf, endedMs });
  const chosen = journeys.find(({ hops }) => hops.some(({ frame }) => frame === entry.frame));
  if (!chosen) return undefined;
  const members = membersOf(journeys, chosen);
  const at = members.indexOf(chosen);
  const first = Math.max(0, Math.min(at - MOST_TRAVELS / 2, members.length - MOST_TRAVELS));
  const shown = members.slice(first, first + MOST_TRAVELS);
  const sent = new Map<string, number>();
  return {
    travels: shown.map((journey) => {
      const begin = known.get(journey.hops[0].frame)!;
      const summary = store.summary(begin);
      const key = contentOf(journey.hops[0], summary);
      const repeats = key === undefined ? 0 : sent.get(key) ?? 0;
      if (key !== undefined) sent.set(key, repeats + 1);
      return {
        hops: journey.hops.map((hop) => hopOf(hop, known.get(hop.frame)!)),
        fate: fateOf(journey, members, context),
        title: titleOf(journey.hops[0].form, summary),
        repeats,
      };
    }),
    selected: at - first,
    before: first,
    after: members.length - first - shown.length,
  };
}

/** The packets of the same transport around one, and errors, which may answer it. */
function around(store: PacketStore, entry: PacketEntry): PacketEntry[] {
  const { entries } = store;
  const kind = kindOf(store.summary(entry));
  const { timeMs } = entry.frame;
  const fits = (each: PacketEntry) => {
    const other = kindOf(store.summary(each));
    return other === kind || other === "icmp";
  };
  const found: PacketEntry[] = [];
  const middle = Math.max(0, lastAt(entries, timeMs));
  let [low, high] = [middle, middle + 1];
  // The nearest ones, to both sides.
  while (found.length < MOST_PACKETS) {
    const before = low >= 0 && timeMs - entries[low].frame.timeMs <= AROUND_MS;
    const after = high < entries.length && entries[high].frame.timeMs - timeMs <= AROUND_MS;
    if (!before && !after) break;
    if (before && fits(entries[low])) found.push(entries[low]);
    if (before) low--;
    if (after && fits(entries[high])) found.push(entries[high]);
    if (after) high++;
  }
  return found.sort((a, b) => a.time - b.time);
}

function kindOf({ protocols }: PacketSummary): string {
  if (protocols.includes("tcp")) return "tcp";
  if (protocols.includes("udp")) return "udp";
  if (protocols.includes("icmp") || protocols.includes("icmp6")) return "icmp";
  return protocols.includes("arp") ? "arp" : "other";
}

/** The journeys between the same ends, whatever NATs made of these on the way. */
function membersOf(journeys: readonly Journey[], chosen: Journey): Journey[] {
  const pairs = new Set(chosen.hops.map(({ form }) => pairOf(form)));
  const addresses = new Set(chosen.hops.flatMap(({ form }) => [form.source, form.destination]));
  let members: Journey[] = [];
  for (let grown = true; grown;) {
    const found = journeys.filter((journey) =>
      journey === chosen || journey.hops.some(({ form }) => pairs.has(pairOf(form)))
    );
    grown = found.length > members.length;
    members = found;
    for (const { hops } of found) for (const { form } of hops) pairs.add(pairOf(form));
  }
  if (chosen.hops[0].form.sourcePort < 0) return members;
  const known = new Set(members);
  // Errors of routers and hosts that answer one of them.
  return journeys.filter((journey) => {
    const [{ form, frame }] = journey.hops;
    return known.has(journey) ||
      form.sourcePort < 0 && form.echoId < 0 && form.family !== 0 && frame.length >= 70 &&
        addresses.has(form.destination) && addresses.has(form.source);
  });
}

function pairOf(form: Form): string {
  const echo = form.echoId < 0 ? "" : ` ${form.echoId}`;
  return [sourceText(form), destinationText(form)].sort().join(" ") + echo;
}

function hopOf(hop: Hop, entry: PacketEntry): TravelHop {
  const { node, interface: on, direction, timeMs, changes } = hop;
  return {
    entry,
    node,
    interface: on,
    direction,
    timeMs,
    translated: changes.flatMap(({ kind, text }) => {
      const match = /^(?:source|destination|ICMP id) (\S+) → (\S+)$/.exec(text);
      return match && kind !== "ttl" ? [{ from: match[1], to: match[2] }] : [];
    }),
    changes: changes.map(({ text }) => text),
  };
}

/** What a title leaves out: the ports, which are in the ends, and options of TCP. */
const OPTIONS = /^\d+ → \d+ | (?:MSS|TSval|TSecr|WS)=\d+| SACK_PERM\b/g;

function titleOf(form: Form, { protocol, info }: PacketSummary): Travel["title"] {
  const ends = form.family === 0 ? "" : `${sourceText(form)} → ${destinationText(form)}`;
  return { protocol, ends, info: info.replace(OPTIONS, "") };
}

/** What is the same when a packet is sent again; undefined of what says nothing, as pure ACKs. */
function contentOf({ form, frame }: Hop, { info, protocols }: PacketSummary): string | undefined {
  const ends = `${sourceText(form)} ${destinationText(form)}`;
  if (protocols.includes("tcp")) {
    if (/ Len=0\b/.test(info) && !/\[(?:SYN|FIN)/.test(info)) return undefined;
    return `${ends} ${info.replace(/ (?:Ack|Win|TSval|TSecr)=\d+/g, "")}`;
  }
  const length = / Len=(\d+)/.exec(info);
  if (!length || Number(length[1]) === 0) return undefined;
  const end = 42 + Number(length[1]);
  const payload = frame.data.subarray(
    form.family === 6 ? 62 : 42,
    end + (form.family === 6 ? 20 : 0),
  );
  return `${ends} ${String.fromCharCode(...payload.subarray(0, 256))}`;
}
