import { prioritize } from "../../native/process/priority.ts";
import type { LoopStart } from "../loop/thread.ts";
import { Control } from "./control.ts";
import { FrameLoop } from "./frame_loop.ts";

/** One step below the highest priority of nice(1): what frees memory under pressure comes first. */
const NICENESS = -19;

/** Runs the emulator on this thread until it gets the command to stop. */
export function emulate({ memory, wake }: LoopStart): void {
  prioritize(NICENESS);
  new FrameLoop(new Control(memory), wake).run();
}
