import type { ImpairmentCounters, LinkLimits } from "../link/mod.ts";
import { CommandRing, ringBytes } from "../loop/command_ring.ts";

/**
 * The memory that the lab's thread and the emulator's thread share: settings and counters of each
 * direction, and the commands from one to the other. Neither has to wait for the other's event loop,
 * of which the emulator's thread has none.
 */

/** What the lab's thread asks for, of one direction. */
export const enum Command {
  /** Take the direction over. */
  Add = 1,
  /** Read its limits again. */
  Change,
  /** Lose the frames that are on their way. */
  Drop,
  /** Send at once what is on its way, and let go. */
  Remove,
  /** Let go. */
  Abandon,
  /** End. */
  Stop,
  /** Read the shared rate of this number again. */
  Share,
  /** For tests: fail. */
  Fail,
  /** For tests: do nothing any more. */
  Hang,
}

const RING = 65_536;
/** How many directions there can be at once in a lab. */
export const DIRECTIONS = 16_384;
/** How many rates that directions share. */
export const SHARED_RATES = 1_024;
const STRIDE = 32;

const enum Field {
  Tap,
  Sender,
  Seed,
  Rate,
  Loss,
  Latency,
  Jitter,
  Reorder,
  Duplicate,
  Corrupt,
  Packets,
  Bytes,
  Lost,
  Duplicated,
  Corrupted,
  Reordered,
  Dropped,
  Late,
  LateNs,
  LatestNs,
  Sent,
  /** One more than the number of its shared rate; 0 for none. */
  Shared,
}

const TABLE_OFFSET = ringBytes(RING);
const SHARED_OFFSET = TABLE_OFFSET + 8 * STRIDE * DIRECTIONS;
const BYTES = SHARED_OFFSET + 8 * SHARED_RATES;

/** Both threads make one of these over the same memory. */
export class Control extends CommandRing<Command> {
  #table: Float64Array;
  /** The rates that are shared, in kbit/s. */
  #shared: Float64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    super(memory, RING);
    this.#table = new Float64Array(memory, TABLE_OFFSET, STRIDE * DIRECTIONS);
    this.#shared = new Float64Array(memory, SHARED_OFFSET, SHARED_RATES);
  }

  // The lab's side.

  describe(direction: number, fds: { tap: number; sender: number }, seed: number): void {
    const row = this.#row(direction).fill(0);
    row[Field.Tap] = fds.tap;
    row[Field.Sender] = fds.sender;
    row[Field.Seed] = seed;
  }

  setLimits(direction: number, limits: LinkLimits): void {
    const row = this.#row(direction);
    row[Field.Rate] = limits.rateKbit ?? 0;
    row[Field.Loss] = limits.lossPct ?? 0;
    row[Field.Latency] = limits.latencyMs ?? 0;
    row[Field.Jitter] = limits.jitterMs ?? 0;
    row[Field.Reorder] = limits.reorderPct ?? 0;
    row[Field.Duplicate] = limits.duplicatePct ?? 0;
    row[Field.Corrupt] = limits.corruptPct ?? 0;
  }

  /** Has a direction share a rate, or (-1) none. In force with its next command. */
  setShared(direction: number, shared: number): void {
    this.#row(direction)[Field.Shared] = shared + 1;
  }

  /** Sets a rate that is shared, in kbit/s; in force at once. */
  setSharedRate(shared: number, rateKbit: number): void {
    this.#shared[shared] = rateKbit;
  }

  counters(direction: number): ImpairmentCounters {
    const row = this.#row(direction);
    return {
      packets: row[Field.Packets],
      bytes: row[Field.Bytes],
      lost: row[Field.Lost],
      duplicated: row[Field.Duplicated],
      corrupted: row[Field.Corrupted],
      reordered: row[Field.Reordered],
      dropped: row[Field.Dropped],
      late: row[Field.Late],
      meanLateMs: row[Field.Sent] > 0 ? row[Field.LateNs] / row[Field.Sent] / 1e6 : 0,
      maxLateMs: row[Field.LatestNs] / 1e6,
    };
  }

  // The emulator's side.

  fds(direction: number): { tap: number; sender: number } {
    const row = this.#row(direction);
    return { tap: row[Field.Tap], sender: row[Field.Sender] };
  }

  seed(direction: number): number {
    return this.#row(direction)[Field.Seed];
  }

  limits(direction: number): LinkLimits {
    const row = this.#row(direction);
    return {
      rateKbit: row[Field.Rate],
      lossPct: row[Field.Loss],
      latencyMs: row[Field.Latency],
      jitterMs: row[Field.Jitter],
      reorderPct: row[Field.Reorder],
      duplicatePct: row[Field.Duplicate],
      corruptPct: row[Field.Corrupt],
    };
  }

  /** The number of a direction's shared rate; -1 for none. */
  shared(direction: number): number {
    return this.#row(direction)[Field.Shared] - 1;
  }

  /** A rate that is shared, in kbit/s. */
  sharedRate(shared: number): number {
    return this.#shared[shared];
  }

  /** Counts a frame that came. */
  came(direction: number, bytes: number): void {
    const at = direction * STRIDE;
    this.#table[at + Field.Packets]++;
    this.#table[at + Field.Bytes] += bytes;
  }

  /** Counts a frame that was sent, so many nanoseconds after it was to be. */
  sent(direction: number, late: number): void {
    const at = direction * STRIDE;
    this.#table[at + Field.Sent]++;
    this.#table[at + Field.LateNs] += late;
    if (late > LATE_NS) this.#table[at + Field.Late]++;
    if (late > this.#table[at + Field.LatestNs]) this.#table[at + Field.LatestNs] = late;
  }

  lost(direction: number): void {
    this.#table[direction * STRIDE + Field.Lost]++;
  }

  duplicated(direction: number): void {
    this.#table[direction * STRIDE + Field.Duplicated]++;
  }

  corrupted(direction: number): void {
    this.#table[direction * STRIDE + Field.Corrupted]++;
  }

  reordered(direction: number): void {
    this.#table[direction * STRIDE + Field.Reordered]++;
  }

  dropped(direction: number): void {
    this.#table[direction * STRIDE + Field.Dropped]++;
  }

  #row(direction: number): Float64Array {
    return this.#table.subarray(direction * STRIDE, (direction + 1) * STRIDE);
  }
}

/** From here on a frame counts as late. */
const LATE_NS = 1e6;
