import { REFUSAL_NAMES } from "../nat/siit/mod.ts";
import type { TranslationSpec } from "./spec.ts";

/**
 * The memory that the lab's thread and the translators' thread share, as the link emulator's: what
 * each TUN is to do, its counters, and the commands, of which there is one for each change.
 */

/** What the lab's thread asks for, of one TUN. */
export const enum Command {
  /** Take the TUN over. */
  Add = 1,
  /** Let go of it. */
  Remove,
  /** End. */
  Stop,
  /** For tests: fail. */
  Fail,
  /** For tests: do nothing any more. */
  Hang,
}

/** How many TUNs there can be at once in a lab. */
export const TUNS = 4_096;

const enum Word {
  Posted,
  Done,
  Beat,
  Count = 16,
}

const RING = 16_384;
/** Enough for a {@link TranslationSpec} and the number of a descriptor, as JSON. */
const NOTE_BYTES = 512;

/** Counters of a TUN; behind the last of these, those of refusals follow. */
const enum Field {
  Translated,
  /** Lost since the kernel did not take it. */
  Lost,
  /** Of a NAT64: hosts that have an address. */
  Hosts,
  Refused,
}

const STRIDE = Field.Refused + REFUSAL_NAMES.length;
const RING_OFFSET = 4 * Word.Count;
const NOTES_OFFSET = RING_OFFSET + 8 * RING;
const TABLE_OFFSET = NOTES_OFFSET + NOTE_BYTES * TUNS;
const BYTES = TABLE_OFFSET + 8 * STRIDE * TUNS;

/** What a translator did so far. */
export interface TranslationCounters {
  /** Packets that were translated, one way or the other. */
  translated: number;
  /** Packets that were not, by the reason. Reasons that never occurred are absent. */
  refused: Record<string, number>;
  /** Translated packets that the kernel did not take. */
  lost: number;
  /** Of a NAT64: how many hosts have an address at this moment. */
  hosts: number;
}

/** What the thread is told of a TUN. */
export interface TunNote {
  fd: number;
  spec: TranslationSpec;
}

/** Both threads make one of these over the same memory. */
export class Control {
  readonly memory: SharedArrayBuffer;
  #words: Int32Array;
  #ring: Int32Array;
  #notes: Uint8Array;
  #table: Float64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, Word.Count);
    this.#ring = new Int32Array(memory, RING_OFFSET, 2 * RING);
    this.#notes = new Uint8Array(memory, NOTES_OFFSET, NOTE_BYTES * TUNS);
    this.#table = new Float64Array(memory, TABLE_OFFSET, STRIDE * TUNS);
  }

  // The lab's side.

  /** How many commands were posted so far. */
  get posted(): number {
    return Atomics.load(this.#words, Word.Posted);
  }

  get done(): number {
    return Atomics.load(this.#words, Word.Done);
  }

  /** Grows for as long as the thread lives. */
  get beat(): number {
    return Atomics.load(this.#words, Word.Beat);
  }

  /** Whether there is no room for another command. */
  get full(): boolean {
    return this.posted - this.done >= RING;
  }

  post(command: Command, tun: number): void {
    const { posted } = this;
    const at = 2 * (posted % RING);
    this.#ring[at] = command;
    this.#ring[at + 1] = tun;
    Atomics.store(this.#words, Word.Posted, posted + 1);
  }

  /** Waits, for a time at most, until a command is done beyond those that were. */
  async progress(done: number, timeoutMs: number): Promise<void> {
    const { async, value } = Atomics.waitAsync(this.#words, Word.Done, done, timeoutMs);
    if (!async) return;
    // That alone keeps no event loop alive, as a timer does, once the thread is gone.
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    await Promise.race([value, promise]);
    clearTimeout(timer);
  }

  /** Ends all waiting: nothing will be done any more. */
  release(): void {
    Atomics.notify(this.#words, Word.Done);
  }

  /** Says what a TUN is to do. Its counters begin anew. */
  describe(tun: number, note: TunNote): void {
    this.#row(tun).fill(0);
    const bytes = new TextEncoder().encode(JSON.stringify(note));
    const place = this.#note(tun).fill(0);
    place.set(bytes);
  }

  counters(tun: number): TranslationCounters {
    const row = this.#row(tun);
    const refused: Record<string, number> = {};
    REFUSAL_NAMES.forEach((name, number) => {
      const count = row[Field.Refused + number];
      if (count > 0) refused[name] = count;
    });
    return {
      translated: row[Field.Translated],
      refused,
      lost: row[Field.Lost],
      hosts: row[Field.Hosts],
    };
  }

  // The thread's side.

  /** The command after those that are done; 0 if there is none. */
  command(): Command | 0 {
    const { done } = this;
    return done === this.posted ? 0 : this.#ring[2 * (done % RING)];
  }

  /** What it is about. */
  tun(): number {
    return this.#ring[2 * (this.done % RING) + 1];
  }

  finish(): void {
    Atomics.add(this.#words, Word.Done, 1);
    Atomics.notify(this.#words, Word.Done);
  }

  alive(): void {
    Atomics.add(this.#words, Word.Beat, 1);
  }

  note(tun: number): TunNote {
    const bytes = this.#note(tun).slice();
    return JSON.parse(new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0))));
  }

  /** Brings the counters of a TUN to where the lab reads them. */
  tell(tun: number, translated: number, refused: Float64Array, lost: number, hosts: number): void {
    const at = tun * STRIDE;
    this.#table[at + Field.Translated] = translated;
    this.#table[at + Field.Lost] = lost;
    this.#table[at + Field.Hosts] = hosts;
    this.#table.set(refused, at + Field.Refused);
  }

  #row(tun: number): Float64Array {
    return this.#table.subarray(tun * STRIDE, (tun + 1) * STRIDE);
  }

  #note(tun: number): Uint8Array {
    return this.#notes.subarray(tun * NOTE_BYTES, (tun + 1) * NOTE_BYTES);
  }
}
