import { filter, FilterError, type FilterPredicate } from "../../../packets/mod.ts";
import type { PacketEntry, PacketStore } from "./packet_store.ts";

/** Which packets are listed. */
export interface PacketFilter {
  /** In the filter language of `packets`. */
  text: string;
  /** A node; empty for all. */
  node: string;
  /** A protocol as the list shows it; empty for all. */
  protocol: string;
}

/** Packets between two looks at the clock. */
const BATCH = 256;

/** Decodes the packets of a store in the order of time, a slice at a time, and finds those that are listed. */
export class PacketScan {
  /** Why the filter is none, in words; all packets are listed then. */
  readonly error: string | undefined;
  readonly #store: PacketStore;
  readonly #entries: PacketEntry[];
  readonly #test: ((entry: PacketEntry) => boolean) | undefined;
  readonly #found: PacketEntry[] = [];
  #done = 0;

  constructor(store: PacketStore, { text, node, protocol }: PacketFilter) {
    this.#store = store;
    this.#entries = store.entries;
    let predicate: FilterPredicate | undefined;
    try {
      predicate = text.trim() === "" ? undefined : filter(text);
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      this.error = error.message.replace("at character", "At character");
    }
    if (!predicate && node === "" && protocol === "") return;
    this.#test = (entry) => {
      const { place } = entry;
      if (node !== "" && place.node !== node) return false;
      const summary = store.decode(entry);
      if (protocol !== "" && summary.protocol !== protocol) return false;
      return predicate?.({ summary, node: place.node, interface: place.interface }) ?? true;
    };
  }

  /** Whether this is still a scan of what the store has. */
  get isCurrent(): boolean {
    return this.#entries === this.#store.entries;
  }

  /** Whether all packets were looked at. */
  get isDone(): boolean {
    return this.#done >= this.#entries.length;
  }

  /** The packets that are listed, as far as they were found. */
  get found(): readonly PacketEntry[] {
    return this.#test ? this.#found : this.#entries;
  }

  /** Works until a time of `performance.now()`; returns whether it is done. */
  proceed(until = Infinity): boolean {
    const entries = this.#entries;
    while (this.#done < entries.length) {
      const entry = entries[this.#done++];
      this.#store.decode(entry);
      if (this.#test?.(entry)) this.#found.push(entry);
      if (this.#done % BATCH === 0 && performance.now() > until) break;
    }
    return this.isDone;
  }
}
