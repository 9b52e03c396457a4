import { CommandRing, ringBytes } from "../loop/command_ring.ts";
import { REFUSAL_NAMES } from "../siit/mod.ts";
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
const NOTES_OFFSET = ringBytes(RING);
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
export class Control extends CommandRing<Command> {
  #notes: Uint8Array;
  #table: Float64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    super(memory, RING);
    this.#notes = new Uint8Array(memory, NOTES_OFFSET, NOTE_BYTES * TUNS);
    this.#table = new Float64Array(memory, TABLE_OFFSET, STRIDE * TUNS);
  }

  // The lab's side.

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
