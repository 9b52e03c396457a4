import type { LinkLimits } from "../link/condition.ts";
import { draw, streamSeed } from "./random.ts";

/** The fate of a frame. */
export const LOST = 0;
export const SENT = 1;
export const SENT_TWICE = 2;
/** Dropped: the queue that waits for the rate is full. */
export const FULL = 3;

const RANGE = 2 ** 32;
const NS_PER_MS = 1e6;
/** The longest wait for the rate, as in a router's buffer, which holds at least 32 full frames. */
const MAX_BACKLOG_NS = 400 * NS_PER_MS;
const MIN_BACKLOG_BYTES = 32 * 1514;

const enum Stream {
  Loss,
  Duplicate,
  Reorder,
  Jitter,
  Corrupt,
  // For the second copy of a frame.
  CopyReorder,
  CopyJitter,
  CopyCorrupt,
  Count,
}

/** The longest wait for a rate, in nanoseconds. */
const maxBacklog = (nsPerByte: number) => Math.max(MAX_BACKLOG_NS, MIN_BACKLOG_BYTES * nsPerByte);

/** A rate that several directions share, with one queue for all of them. */
export class RateClock {
  #nsPerByte = 0;
  /** When the last frame has passed. */
  #free = 0;

  /** Sets the rate, in kbit/s; frames that wait already leave at their time. */
  set(rateKbit: number): void {
    const nsPerByte = rateKbit ? 8 * NS_PER_MS / rateKbit : 0;
    if (nsPerByte === this.#nsPerByte) return;
    this.#nsPerByte = nsPerByte;
    this.#free = 0;
  }

  /** Whether the queue is full. */
  isFull(now: number): boolean {
    return this.#free - now > maxBacklog(this.#nsPerByte);
  }

  /** When a frame that arrives now has passed. */
  pass(now: number, bytes: number): number {
    this.#free = Math.max(this.#free, now) + bytes * this.#nsPerByte;
    return this.#free;
  }
}

/** Whether the limits decide for each packet, so that super-frames must be segmented. */
export function isPerPacket(limits: LinkLimits): boolean {
  const { rateKbit, jitterMs, lossPct, duplicatePct, reorderPct, corruptPct } = limits;
  return Boolean(rateKbit || jitterMs || lossPct || duplicatePct || reorderPct || corruptPct);
}

/**
 * Decides what happens to each frame of one direction of a link, and when it leaves: the rate comes
 * first, then the delay with its jitter. Pure: the caller passes the time, in nanoseconds, and the k-th
 * frame has the k-th random number. Control frames (ARP, neighbour discovery) are counted separately:
 * when hosts send them differs from run to run, and must not change what happens to other frames.
 */
export class Shaper {
  /** Whether frames leave in the order in which they arrived. */
  ordered = true;
  /** See {@link isPerPacket}. */
  perPacket = false;
  /** When the last frame leaves, and when its copy does. */
  leave = 0;
  copyLeave = 0;
  /** Whether the last frame overtakes others, and whether its copy does. */
  ahead = false;
  copyAhead = false;
  /** A random number that selects the bit to flip; -1 for none. */
  corrupt = -1;
  copyCorrupt = -1;

  #seeds = new Int32Array(Stream.Count);
  #controlSeeds = new Int32Array(Stream.Count);
  #data = 0;
  #control = 0;
  #nsPerByte = 0;
  #backlogNs = 0;
  #latency = 0;
  #jitter = 0;
  #loss = 0;
  #duplicate = 0;
  #reorder = 0;
  #corrupt = 0;
  /** When the last frame has passed the rate. */
  #free = 0;
  /** The rate that it shares with other directions. */
  #shared: RateClock | undefined;
  /** When the last frame that keeps its order leaves. */
  #last = 0;

  constructor(seed: number) {
    for (let stream = 0; stream < Stream.Count; stream++) {
      this.#seeds[stream] = streamSeed(seed, stream);
      this.#controlSeeds[stream] = streamSeed(seed, stream + Stream.Count);
    }
  }

  /** Sets the limits, and a rate that others share; earlier decisions stay. */
  set(limits: LinkLimits, shared?: RateClock): void {
    const share = (pct = 0) => pct / 100 * RANGE;
    this.#loss = share(limits.lossPct);
    this.#duplicate = share(limits.duplicatePct);
    this.#reorder = share(limits.reorderPct);
    this.#corrupt = share(limits.corruptPct);
    this.#latency = (limits.latencyMs ?? 0) * NS_PER_MS;
    this.#jitter = (limits.jitterMs ?? 0) * NS_PER_MS;
    // 1 kbit/s is a byte in 8 ms.
    const nsPerByte = limits.rateKbit ? 8 * NS_PER_MS / limits.rateKbit : 0;
    // Frames that wait for another rate leave at their time; later frames do not wait for them.
    if (nsPerByte !== this.#nsPerByte) this.#free = 0;
    this.#nsPerByte = nsPerByte;
    this.#backlogNs = maxBacklog(nsPerByte);
    this.#shared = shared;
    this.ordered = this.#jitter === 0 || this.#nsPerByte > 0 || shared !== undefined;
    this.perPacket = isPerPacket(limits) || shared !== undefined;
    // Frames under earlier limits do not delay later ones.
    this.#last = 0;
  }

  /** Decides about a frame that arrives now. */
  admit(now: number, bytes: number, control: boolean): number {
    if (!this.perPacket) {
      // Nothing is drawn, so that super-frames and control frames do not count.
      this.ahead = false;
      this.corrupt = -1;
      this.leave = this.#keepOrder(now + this.#latency);
      return SENT;
    }
    const seeds = control ? this.#controlSeeds : this.#seeds;
    const k = control ? this.#control++ : this.#data++;
    const lost = this.#loss > 0 && draw(seeds[Stream.Loss], k) < this.#loss;
    const twice = this.#duplicate > 0 && draw(seeds[Stream.Duplicate], k) < this.#duplicate;
    // As with netem, a loss takes one of the copies.
    if (lost && !twice) return LOST;
    if (this.#nsPerByte > 0 && this.#free - now > this.#backlogNs) return FULL;
    if (this.#shared?.isFull(now)) return FULL;

    this.ahead = this.#reorder > 0 && draw(seeds[Stream.Reorder], k) < this.#reorder;
    this.leave = this.#schedule(now, bytes, this.ahead, draw(seeds[Stream.Jitter], k));
    this.corrupt = this.#damage(seeds[Stream.Corrupt], k);
    if (lost || !twice) return SENT;

    this.copyAhead = this.#reorder > 0 && draw(seeds[Stream.CopyReorder], k) < this.#reorder;
    this.copyLeave = this.#schedule(now, bytes, this.copyAhead, draw(seeds[Stream.CopyJitter], k));
    this.copyCorrupt = this.#damage(seeds[Stream.CopyCorrupt], k);
    return SENT_TWICE;
  }

  #schedule(now: number, bytes: number, ahead: boolean, chance: number): number {
    // The shared rate comes first: a direction with a low rate of its own must not use it in advance.
    let time = this.#shared?.pass(now, bytes) ?? now;
    if (this.#nsPerByte > 0) {
      if (this.#free > time) time = this.#free;
      time += bytes * this.#nsPerByte;
      this.#free = time;
    }
    if (ahead) return time;
    let delay = this.#latency;
    if (this.#jitter > 0) {
      delay += (2 * chance / RANGE - 1) * this.#jitter;
      if (delay < 0) delay = 0;
    }
    time += delay;
    return this.ordered ? this.#keepOrder(time) : time;
  }

  /** The time, or the earliest time after the frame before. No two frames get the same time. */
  #keepOrder(time: number): number {
    return this.#last = time > this.#last ? time : this.#last + 1;
  }

  #damage(seed: number, k: number): number {
    if (this.#corrupt === 0 || draw(seed, k) >= this.#corrupt) return -1;
    // The bit needs a draw of its own: the value of this one is small because it was selected.
    return draw(seed ^ 0x5bd1e995, k);
  }
}
