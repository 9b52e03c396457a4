import type { LoopStart } from "../loop/thread.ts";
import { Control } from "./control.ts";
import { PacketLoop } from "./packet_loop.ts";

/** Runs the translators on this thread until it gets the command to stop. */
export function translate({ memory, wake }: LoopStart): void {
  new PacketLoop(new Control(memory), wake).run();
}
