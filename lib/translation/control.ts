import { CommandRing, ringBytes } from "../loop/command_ring.ts";
import { REFUSAL_NAMES } from "../siit/refusal.ts";
import type { TranslationSpec } from "./spec.ts";

/** The commands of the lab's thread, each about one TUN. */
export const enum Command {
  /** Start to serve the TUN. */
  Add = 1,
  /** Stop serving it. */
  Remove,
  /** End the thread. */
  Stop,
}

/** The largest number of TUNs in a lab. */
export const TUNS = 4_096;

const RING = 16_384;
/** Enough for a {@link TunTask} as JSON. */
const TASK_BYTES = 512;

/** The counters of a TUN, of which the last is the first of those of refusals. */
const enum Field {
  Translated,
  /** Lost: the kernel did not accept the packet. */
  Lost,
  /** For a NAT64: hosts that have an address. */
  Hosts,
  Refused,
}

const STRIDE = Field.Refused + REFUSAL_NAMES.length;
const TASKS_OFFSET = ringBytes(RING);
const TABLE_OFFSET = TASKS_OFFSET + TASK_BYTES * TUNS;
const BYTES = TABLE_OFFSET + 8 * STRIDE * TUNS;

/** What a translator has done so far. */
export interface TranslationCounters {
  /** Packets that were translated, in either direction. */
  translated: number;
  /** Packets that were not translated, by reason. Reasons that never occurred are absent. */
  refused: Record<string, number>;
  /** Translated packets that the kernel did not accept. */
  lost: number;
  /** For a NAT64: how many hosts have an address now. */
  hosts: number;
}

/** What the thread needs to serve a TUN. */
export interface TunTask {
  fd: number;
  spec: TranslationSpec;
}

/**
 * The memory that the lab's thread and the translators' thread share: the commands, and the task and
 * counters of each TUN. Each of the two makes one of these over the same memory.
 */
export class Control extends CommandRing<Command> {
  #tasks: Uint8Array;
  #table: Float64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    super(memory, RING);
    this.#tasks = new Uint8Array(memory, TASKS_OFFSET, TASK_BYTES * TUNS);
    this.#table = new Float64Array(memory, TABLE_OFFSET, STRIDE * TUNS);
  }

  // The lab's side.

  /** Sets the task of a TUN, and clears its counters. */
  describe(tun: number, task: TunTask): void {
    this.#row(tun).fill(0);
    const place = this.#taskBytes(tun).fill(0);
    place.set(new TextEncoder().encode(JSON.stringify(task)));
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

  /** The task of a TUN. */
  task(tun: number): TunTask {
    const bytes = this.#taskBytes(tun).slice();
    return JSON.parse(new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0))));
  }

  /** Writes the counters of a TUN, for the lab to read. */
  report(
    tun: number,
    translated: number,
    refused: Float64Array,
    lost: number,
    hosts: number,
  ): void {
    const at = tun * STRIDE;
    this.#table[at + Field.Translated] = translated;
    this.#table[at + Field.Lost] = lost;
    this.#table[at + Field.Hosts] = hosts;
    this.#table.set(refused, at + Field.Refused);
  }

  #row(tun: number): Float64Array {
    return this.#table.subarray(tun * STRIDE, (tun + 1) * STRIDE);
  }

  #taskBytes(tun: number): Uint8Array {
    return this.#tasks.subarray(tun * TASK_BYTES, (tun + 1) * TASK_BYTES);
  }
}
