import type { Frame } from "../file/frame.ts";
import type { Change } from "./changes.ts";
import type { Form } from "./identity.ts";

/** Whether an interface received or sent a frame; undefined if that is not known. */
export type Direction = "in" | "out" | undefined;

/** A place and a moment at which a packet was seen. */
export interface Sighting {
  readonly node: string;
  readonly interface: string;
  readonly direction: Direction;
  /** Nanoseconds since the first packet of all captures. */
  readonly time: number;
  readonly form: Form;
}

/** Whether a packet was lost, as far as captures tell. */
export type Lost = boolean | "unknown";

/** What has an address. */
export interface AddressOwner {
  readonly node: string;
  /** The interface that has it, if that is known. */
  readonly interface?: string;
}

/** Finds what has an address at a time, in milliseconds since 1970. */
export type OwnerOf = (address: string, timeMs: number) => AddressOwner | undefined;

/** The frames of an interface, on the clock of all others. */
export interface TraceCapture {
  readonly node: string;
  readonly interface: string;
  readonly frames: readonly Frame[];
  /** The MAC address of the interface. Default: what its frames tell. */
  readonly mac?: string;
}

/** How packets are followed. */
export interface TraceOptions {
  /**
   * The node, and the interface if it is known, that has an address at a time (in milliseconds since
   * 1970). Without it, nothing is known to be lost.
   */
  readonly ownerOf?: OwnerOf;
  /** The longest that a packet takes from one place to the next, in milliseconds. Default 2000. */
  readonly withinMs?: number;
  /** When the captures ended, in milliseconds since 1970. Default: with their last packet. */
  readonly endedMs?: number;
}

/** A place on the way of a packet. */
export interface Hop extends Sighting {
  readonly frame: Frame;
  readonly timeMs: number;
  /** What changed since the hop before. */
  readonly changes: readonly Change[];
}

/** A packet on its way. */
export interface Journey {
  /** Where it was seen, in the order of time; at least one. */
  readonly hops: readonly Hop[];
  /** Whether it did not come to the interface that has its destination address. */
  readonly lost: Lost;
}
