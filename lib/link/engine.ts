import type { Namespace } from "../../native/namespace.ts";
import type { LinkLimits } from "./condition.ts";

/** The implementation that impairs links: the kernel's netem, or Netyard's own emulator. */
export type LinkEngineKind = "netem" | "emulator";

/** What may be requested: an engine, or the best one that this host has. */
export type LinkEngineChoice = "auto" | LinkEngineKind;

/** All of them. */
export const LINK_ENGINE_CHOICES: readonly LinkEngineChoice[] = ["auto", "netem", "emulator"];

/** One end of a link. An engine impairs the packets that leave by it. */
export interface LinkEnd {
  namespace: Namespace;
  /** The index of its interface. */
  index: number;
  /** The name of its interface. */
  name: string;
  /** Whether it may send packets at this moment. Default true. */
  live?: boolean;
  /** Its name in messages: `laptop eth0 (up)`. */
  label: string;
  /**
   * The name of the link's other end, if a shared rate counts the packets that arrive there. Default:
   * it counts the packets that leave by this end.
   */
  far?: string;
}

/** Where a shared rate is: the namespace of the ends, or of the other ends, that share it. */
export interface SharedRatePlace {
  namespace: Namespace;
  /** Its name in messages: `bridge lan`. */
  label: string;
}

/** A rate that several ends share. */
export interface SharedRate {
  /** Changes the rate, in kbit/s. */
  change(rateKbit: number): void;
  /** Removes it; no end uses it any more. */
  remove(): void;
}

/** The packets that left by an impaired end, since it was impaired. */
export interface ImpairmentCounters {
  /** All packets. */
  packets: number;
  /** Their bytes, Ethernet headers included. */
  bytes: number;
  /** Lost by `lossPct`. */
  lost: number;
  /** Sent twice by `duplicatePct`. */
  duplicated: number;
  /** Damaged by `corruptPct`. */
  corrupted: number;
  /** Sent ahead of others by `reorderPct`. */
  reordered: number;
  /** Dropped because a queue was full, or because the link went down. */
  dropped: number;
  /** Sent more than a millisecond too late, because the host was busy. */
  late: number;
  /** The mean lateness of a packet, in milliseconds. */
  meanLateMs: number;
  /** The largest lateness of a packet, in milliseconds. */
  maxLateMs: number;
}

/** The active condition of one end of a link. */
export interface Impairment {
  /**
   * The index of a link in the namespace of the end by which packets leave before anything is done to
   * them; undefined if there is none, or the impairment was removed.
   */
  readonly tap?: number;
  /** Changes the limits and the shared rate. */
  change(limits: LinkLimits, shared?: SharedRate): void;
  /** Drops the packets that are on their way. */
  drop(): void;
  /** The counters so far. */
  counters(): ImpairmentCounters;
  /** Stops impairing the link at once; packets on their way arrive. */
  remove(): void;
  /** Stops impairing an end that is gone. */
  discard(): void;
}

/** Impairs the ends of links. Calls except `ready` and `close` are synchronous. */
export interface LinkEngine {
  readonly kind: LinkEngineKind;
  /**
   * Impairs the packets that leave by an end of a link, from the time when {@link LinkEngine.ready}
   * resolves. `seed` determines the random draws; `shared` is a rate that the end shares with others, in
   * addition to its own.
   */
  impair(end: LinkEnd, limits: LinkLimits, seed: number, shared?: SharedRate): Impairment;
  /** Makes a rate that several ends can share. */
  shareRate(rateKbit: number, place: SharedRatePlace): SharedRate;
  /** Resolves when everything that was requested so far is effective. */
  ready(): Promise<void>;
  /** Releases a namespace whose ends are all removed or discarded, so that it can go. */
  release(namespace: Namespace): void;
  /** Releases everything. */
  close(): Promise<void>;
}
