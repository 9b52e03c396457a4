import { hurry } from "../../native/process/priority.ts";
import { Control } from "./control.ts";
import type { EmulatorStart } from "./program.ts";
import { Relay } from "./relay.ts";

/** As far up as nice(1) goes but one: what frees memory under pressure comes first. */
const NICENESS = -19;

/** Runs the emulator on this thread until it is told to stop. */
export function emulate({ memory, wake }: EmulatorStart): void {
  hurry(NICENESS);
  new Relay(new Control(memory), wake).run();
}
