import type { LinkLimits } from "../link/condition.ts";
import { draw, streamSeed } from "./random.ts";

/** What becomes of a frame. */
export const LOST = 0;
export const SENT = 1;
export const SENT_TWICE = 2;
/** No room was left in the queue that waits for the rate. */
export const FULL = 3;

const RANGE = 2 ** 32;
const NS_PER_MS = 1e6;
/**
 * How long a frame waits for the rate at most, as a router's buffer would hold it; longer where
 * that is not {@link LEAST_BACKLOG_BYTES}.
 */
const LONGEST_BACKLOG_NS = 400 * NS_PER_MS;
const LEAST_BACKLOG_BYTES = 32 * 1514;

const enum Stream {
  Loss,
  Duplicate,
  Reorder,
  Jitter,
  Corrupt,
  /** The same for the second copy of a frame. */
  CopyReorder,
  CopyJitter,
  CopyCorrupt,
  Count,
}

/** How long a frame waits for a rate at most. */
const longestBacklog = (nsPerByte: number) =>
  Math.max(LONGEST_BACKLOG_NS, LEAST_BACKLOG_BYTES * nsPerByte);

/** A rate that several directions share: one queue for all of them. */
export class RateClock {
  #nsPerByte = 0;
  /** When it has let the last frame through. */
  #free = 0;

  /** Puts a rate in force, in kbit/s; what waits already leaves when it was to. */
  set(rateKbit: number): void {
    const nsPerByte = rateKbit ? 8 * NS_PER_MS / rateKbit : 0;
    if (nsPerByte === this.#nsPerByte) return;
    this.#nsPerByte = nsPerByte;
    this.#free = 0;
  }

  /** Whether no room is left in the queue. */
  isFull(now: number): boolean {
    return this.#free - now > longestBacklog(this.#nsPerByte);
  }

  /** When a frame is through that comes now. */
  pass(now: number, bytes: number): number {
    this.#free = Math.max(this.#free, now) + bytes * this.#nsPerByte;
    return this.#free;
  }
}

/** Whether each packet has a fate of its own, so that super-frames have to be cut. */
export function isPerPacket(limits: LinkLimits): boolean {
  const { rateKbit, jitterMs, lossPct, duplicatePct, reorderPct, corruptPct } = limits;
  return Boolean(rateKbit || jitterMs || lossPct || duplicatePct || reorderPct || corruptPct);
}

/**
 * Decides what happens to each frame of one direction of a link, and when it leaves: the rate comes
 * first, then the delay with its jitter. Pure: time is told, in nanoseconds, and chance is numbered.
 * Control frames (ARP, neighbour discovery) are numbered apart: when hosts send them is not the
 * same from run to run, and must not shift what happens to the others.
 */
export class Shaper {
  /** Whether frames keep their order, so that they leave as they came. */
  ordered = true;
  /** See {@link isPerPacket}. */
  perPacket = false;
  /** Of the last frame: when it leaves, and its copy. */
  leave = 0;
  copyLeave = 0;
  /** Whether it overtakes others. */
  ahead = false;
  copyAhead = false;
  /** A random number that says which bit to flip; -1 for none. */
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
  /** When the rate has let the last frame through. */
  #free = 0;
  /** The rate that it has together with others. */
  #shared: RateClock | undefined;
  /** When the last frame leaves that keeps its place. */
  #last = 0;

  constructor(seed: number) {
    for (let stream = 0; stream < Stream.Count; stream++) {
      this.#seeds[stream] = streamSeed(seed, stream);
      this.#controlSeeds[stream] = streamSeed(seed, stream + Stream.Count);
    }
  }

  /** Puts limits in force, with a rate that others have part in; what was decided stays. */
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
    // What waits for another rate already leaves when it was to; what comes does not wait for it.
    if (nsPerByte !== this.#nsPerByte) this.#free = 0;
    this.#nsPerByte = nsPerByte;
    this.#backlogNs = longestBacklog(nsPerByte);
    this.#shared = shared;
    this.ordered = this.#jitter === 0 || this.#nsPerByte > 0 || shared !== undefined;
    this.perPacket = isPerPacket(limits) || shared !== undefined;
    // What leaves under other limits is no measure for what comes.
    this.#last = 0;
  }

  /** Decides about the next frame, of so many bytes, at a time. */
  admit(now: number, bytes: number, control: boolean): number {
    if (!this.perPacket) {
      // Nothing is drawn, so that super-frames and control frames do not count.
      this.ahead = false;
      this.corrupt = -1;
      this.leave = this.#keepPlace(now + this.#latency);
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
    // What is shared comes first: who has a low rate of its own takes nothing of it in advance.
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
    return this.ordered ? this.#keepPlace(time) : time;
  }

  /** The time, or as soon as possible after the frame before; no two are the same. */
  #keepPlace(time: number): number {
    return this.#last = time > this.#last ? time : this.#last + 1;
  }

  #damage(seed: number, k: number): number {
    if (this.#corrupt === 0 || draw(seed, k) >= this.#corrupt) return -1;
    // Which bit is a draw of its own: this one is small by selection.
    return draw(seed ^ 0x5bd1e995, k);
  }
}
