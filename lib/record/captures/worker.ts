import type { LoopStart } from "../../loop/thread.ts";
import { CaptureLoop } from "./capture_loop.ts";
import { Control } from "./control.ts";

/** Reads the capture sockets on this thread until it gets the command to stop. */
export function record({ memory, wake }: LoopStart): void {
  new CaptureLoop(new Control(memory), wake).run();
}
