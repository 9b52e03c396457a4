import { hurry } from "../../native/priority.ts";
import { Control } from "./control.ts";
import { Relay } from "./relay.ts";

/** As far up as nice(1) goes but one: what frees memory under pressure comes first. */
const NICENESS = -19;

/** What the thread of the emulator is told when it starts. */
export interface EmulatorStart {
  memory: SharedArrayBuffer;
  /** An eventfd that says that commands wait. */
  wake: number;
}

/** Runs the emulator on this thread until it is told to stop. */
export function emulate({ memory, wake }: EmulatorStart): void {
  hurry(NICENESS);
  new Relay(new Control(memory), wake).run();
}
