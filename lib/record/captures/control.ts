import { CommandRing, ringBytes } from "../../loop/command_ring.ts";

/** The commands of the lab's thread, each about one socket. */
export const enum Command {
  /** Start to read a socket. */
  Add = 1,
  /** Read which frames are kept again. */
  Change,
  /** Read what it holds, and stop reading it. */
  Remove,
  /** Read what all sockets hold, write it, and end the thread. */
  Stop,
}

/** Which frames of a socket are kept. */
export const enum Ways {
  In = 1,
  Out = 2,
  Both = 3,
}

/** Where the frames of a socket go. */
export interface Target {
  /** The path of the file, without its ending. */
  path: string;
  /** The name of the interface, for the file. */
  name: string;
}

/** The limits of all captures, and how the thread reads. */
export interface CaptureSettings {
  interfaceBytes: number;
  totalBytes: number;
  snapLength: number;
  /** How long frames may wait in their sockets, in milliseconds: the thread then wakes less often. */
  pauseMs: number;
}

/** The largest number of sockets of a lab. */
export const SOCKETS = 4_096;
const RING = 16_384;

const enum Field {
  Fd,
  Ways,
  /** The length of its target as JSON. */
  TargetBytes,
}
const STRIDE = 4;

const enum Setting {
  InterfaceBytes,
  TotalBytes,
  SnapLength,
  PauseMs,
  /** The length of the message of a failure. */
  FailureBytes,
  Count,
}

/** Enough for a {@link Target} as JSON, with a path of Linux' 4,096 bytes. */
const TARGET_BYTES = 5_120;
const FAILURE_BYTES = 1_024;

const SETTINGS_OFFSET = ringBytes(RING);
const FAILURE_OFFSET = SETTINGS_OFFSET + 8 * Setting.Count;
const TABLE_OFFSET = FAILURE_OFFSET + FAILURE_BYTES;
const TARGETS_OFFSET = TABLE_OFFSET + 8 * STRIDE * SOCKETS;
const BYTES = TARGETS_OFFSET + TARGET_BYTES * SOCKETS;

/**
 * The memory that the lab's thread and the thread of the captures share: the commands, and the task of
 * each socket. Each of the two makes one of these over the same memory.
 */
export class Control extends CommandRing<Command> {
  #settings: Float64Array;
  #failure: Uint8Array;
  #table: Float64Array;
  #targets: Uint8Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    super(memory, RING);
    this.#settings = new Float64Array(memory, SETTINGS_OFFSET, Setting.Count);
    this.#failure = new Uint8Array(memory, FAILURE_OFFSET, FAILURE_BYTES);
    this.#table = new Float64Array(memory, TABLE_OFFSET, STRIDE * SOCKETS);
    this.#targets = new Uint8Array(memory, TARGETS_OFFSET, TARGET_BYTES * SOCKETS);
  }

  get settings(): CaptureSettings {
    return {
      interfaceBytes: this.#settings[Setting.InterfaceBytes],
      totalBytes: this.#settings[Setting.TotalBytes],
      snapLength: this.#settings[Setting.SnapLength],
      pauseMs: this.#settings[Setting.PauseMs],
    };
  }

  set settings(settings: CaptureSettings) {
    this.#settings[Setting.InterfaceBytes] = settings.interfaceBytes;
    this.#settings[Setting.TotalBytes] = settings.totalBytes;
    this.#settings[Setting.SnapLength] = settings.snapLength;
    this.#settings[Setting.PauseMs] = settings.pauseMs;
  }

  /** Describes a socket to the thread. */
  describe(socket: number, fd: number, ways: Ways, target: Target): void {
    const json = new TextEncoder().encode(JSON.stringify(target));
    if (json.length > TARGET_BYTES) throw new RangeError("the path of a capture is too long");
    this.#targets.set(json, socket * TARGET_BYTES);
    this.#table[socket * STRIDE + Field.Fd] = fd;
    this.#table[socket * STRIDE + Field.Ways] = ways;
    this.#table[socket * STRIDE + Field.TargetBytes] = json.length;
  }

  fd(socket: number): number {
    return this.#table[socket * STRIDE + Field.Fd];
  }

  ways(socket: number): Ways {
    return this.#table[socket * STRIDE + Field.Ways];
  }

  setWays(socket: number, ways: Ways): void {
    this.#table[socket * STRIDE + Field.Ways] = ways;
  }

  target(socket: number): Target {
    const from = socket * TARGET_BYTES;
    const bytes = this.#targets.slice(
      from,
      from + this.#table[socket * STRIDE + Field.TargetBytes],
    );
    return JSON.parse(new TextDecoder().decode(bytes));
  }

  /** Why the thread could not write a file, once that happened. */
  get failure(): string | undefined {
    const length = this.#settings[Setting.FailureBytes];
    return length ? new TextDecoder().decode(this.#failure.slice(0, length)) : undefined;
  }

  set failure(text: string) {
    const { written } = new TextEncoder().encodeInto(text, this.#failure);
    this.#settings[Setting.FailureBytes] = written;
  }
}
