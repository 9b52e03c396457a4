import type { ImpairmentCounters, LinkLimits } from "../link/mod.ts";
import { CommandRing, ringBytes } from "../loop/command_ring.ts";

/** The commands of the lab's thread, each about one direction. */
export const enum Command {
  /** Start to serve the direction. */
  Add = 1,
  /** Read its limits again. */
  Change,
  /** Drop the frames that are on their way. */
  Drop,
  /** Send the frames that are on their way at once, and stop serving it. */
  Remove,
  /** Drop the frames that are on their way, and stop serving it. */
  Discard,
  /** End the thread. */
  Stop,
  /** Read the shared rate of this ID again. */
  Share,
}

const RING = 65_536;
/** The largest number of impaired directions in a lab. */
export const DIRECTIONS = 16_384;
/** The largest number of shared rates in a lab. */
export const SHARED_RATES = 1_024;
const STRIDE = 32;
/** A frame counts as late from this delay on, in nanoseconds. */
const LATE_NS = 1e6;

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
  /** The ID of its shared rate plus one; 0 for none. */
  Shared,
}

const TABLE_OFFSET = ringBytes(RING);
const SHARED_OFFSET = TABLE_OFFSET + 8 * STRIDE * DIRECTIONS;
const BYTES = SHARED_OFFSET + 8 * SHARED_RATES;

/**
 * The memory that the lab's thread and the emulator's thread share: the commands, and the settings and
 * counters of each direction. Each of the two makes one of these over the same memory.
 */
export class Control extends CommandRing<Command> {
  #table: Float64Array;
  /** The shared rates, in kbit/s. */
  #shared: Float64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    super(memory, RING);
    this.#table = new Float64Array(memory, TABLE_OFFSET, STRIDE * DIRECTIONS);
    this.#shared = new Float64Array(memory, SHARED_OFFSET, SHARED_RATES);
  }

  // The lab's side.

  /** Sets what the thread needs to serve a direction, and clears its counters. */
  describe(direction: number, fds: { tap: number; sender: number }, seed: number): void {
    const row = this.#row(direction).fill(0);
    row[Field.Tap] = fds.tap;
    row[Field.Sender] = fds.sender;
    row[Field.Seed] = seed;
  }

  /** Sets the limits of a direction. They take effect with its next command. */
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

  /** Sets the shared rate of a direction; -1 for none. It takes effect with its next command. */
  setShared(direction: number, shared: number): void {
    this.#row(direction)[Field.Shared] = shared + 1;
  }

  /** Sets a shared rate, in kbit/s. It takes effect with the next command of a direction or of the rate. */
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

  /** The ID of a direction's shared rate; -1 for none. */
  shared(direction: number): number {
    return this.#row(direction)[Field.Shared] - 1;
  }

  /** A shared rate, in kbit/s. */
  sharedRate(shared: number): number {
    return this.#shared[shared];
  }

  /** Counts a frame that arrived. */
  arrived(direction: number, bytes: number): void {
    const at = direction * STRIDE;
    this.#table[at + Field.Packets]++;
    this.#table[at + Field.Bytes] += bytes;
  }

  /** Counts a frame that was sent `late` nanoseconds after its time. */
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
