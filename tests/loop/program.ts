import { CommandRing, ringBytes } from "../../lib/loop/command_ring.ts";
import type { LoopStart } from "../../lib/loop/thread.ts";

/** A thread that writes down what it executes, for the tests of sessions. */

/** What the thread does, by the subject of the command `Do`. */
export const enum Subject {
  /** Takes 20 ms. */
  Slow = 100,
  /** Throws. */
  Fail,
  /** Never ends. */
  Hang,
}

export const enum Command {
  Add = 1,
  Do,
  Remove,
  Stop,
}

/** How many commands fit into the ring. */
export const RING = 4;
const LOG = 1_000;

/** The ring, and the log of executed commands as `command * 1000 + subject`. */
export class TestControl extends CommandRing<Command> {
  #log: Int32Array;

  constructor(memory = new SharedArrayBuffer(ringBytes(RING) + 4 * LOG)) {
    super(memory, RING);
    this.#log = new Int32Array(memory, ringBytes(RING), LOG);
  }

  write(command: Command, subject: number): void {
    this.#log[this.done] = command * 1_000 + subject;
  }

  /** The commands that were executed. */
  get log(): number[] {
    return [...this.#log.subarray(0, this.done)];
  }
}

/** The thread's function. */
export function run({ memory }: LoopStart): void {
  const control = new TestControl(memory);
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    control.alive();
    const command = control.command();
    if (!command) {
      Atomics.wait(pause, 0, 0, 1);
      continue;
    }
    const subject = control.subject();
    if (subject === Subject.Slow) Atomics.wait(pause, 0, 0, 20);
    if (subject === Subject.Fail) throw new Error("the test made it fail");
    if (subject === Subject.Hang) { for (;;) Atomics.wait(pause, 0, 0); }
    control.write(command, subject);
    control.finish();
    if (command === Command.Stop) return;
  }
}
