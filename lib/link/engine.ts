import type { Namespace } from "../../native/namespace.ts";
import type { LinkLimits } from "./condition.ts";

/** What impairs links: the kernel's netem, or Netyard's own emulator. */
export type LinkEngineKind = "netem" | "emulator";

/** What may be requested: an engine, or the best one that this host has. */
export type LinkEngineChoice = "auto" | LinkEngineKind;

/** All of them. */
export const LINK_ENGINE_CHOICES: readonly LinkEngineChoice[] = ["auto", "netem", "emulator"];

/** One end of a link; what leaves by it can be impaired. */
export interface LinkEnd {
  /** The namespace that it is in. */
  namespace: Namespace;
  /** Its index there. */
  index: number;
  /** Its name there. */
  name: string;
  /** Whether something may be sent by it at this moment. Default true. */
  live?: boolean;
  /** Who sends by it, for messages: `laptop eth0 (up)`. */
  label: string;
  /**
   * The name of the link's other end, where a shared rate is that of what comes in there. Default: it
   * is that of what leaves by this end.
   */
  far?: string;
}

/** Where the ends, or the other ends, are of what shares a rate. */
export interface SharedRatePlace {
  /** Their namespace. */
  namespace: Namespace;
  /** What is shared, for messages: `bridge lan`. */
  label: string;
}

/** A rate that what leaves by several ends has together. */
export interface SharedRate {
  /** Puts another rate in its place, in kbit/s. */
  change(rateKbit: number): void;
  /** Lets go of it; no end has it any more. */
  remove(): void;
}

/** What happened to the packets that left by an impaired end, since it was impaired. */
export interface ImpairmentCounters {
  /** Packets that were to leave. */
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
  /** Lost because a queue was full, or because the link went down. */
  dropped: number;
  /** Sent more than a millisecond later than asked, because the host was busy. */
  late: number;
  /** How late packets were sent on average, in milliseconds. */
  meanLateMs: number;
  /** How late the latest was, in milliseconds. */
  maxLateMs: number;
}

/** The condition of what leaves by one end of a link. */
export interface Impairment {
  /** Puts other limits, and another shared rate or none, in place of those in force. */
  change(limits: LinkLimits, shared?: SharedRate): void;
  /** Loses the packets that are on their way. */
  drop(): void;
  /** What happened so far. */
  counters(): ImpairmentCounters;
  /** Makes the link plain again, at once; what is on its way arrives. */
  remove(): void;
  /** Stops impairing an end that is gone. */
  discard(): void;
}

/** Impairs the ends of links. All but `ready` and `close` is done when the call returns. */
export interface LinkEngine {
  readonly kind: LinkEngineKind;
  /**
   * Impairs what leaves by an end of a link. `seed` decides what is drawn at random; `shared` is a
   * rate besides its own, which it has together with others.
   * In force when {@link LinkEngine.ready} resolves.
   */
  impair(end: LinkEnd, limits: LinkLimits, seed: number, shared?: SharedRate): Impairment;
  /** Makes a rate that several ends are to share. */
  shareRate(rateKbit: number, place: SharedRatePlace): SharedRate;
  /** Resolves when all that was asked so far is in force. */
  ready(): Promise<void>;
  /** Lets go of a namespace whose ends are all abandoned, so that it can go. */
  release(namespace: Namespace): void;
  /** Lets go of everything. */
  close(): Promise<void>;
}
