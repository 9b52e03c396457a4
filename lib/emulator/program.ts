import type { LoopProgram } from "../loop/thread.ts";

/** What the thread of the emulator is told when it starts. */
export interface EmulatorStart {
  memory: SharedArrayBuffer;
  /** An eventfd that says that commands wait. */
  wake: number;
}

/** The thread of the emulator. */
export const EMULATOR_PROGRAM: LoopProgram = {
  name: "netyard-emulator",
  module: new URL("./worker.ts", import.meta.url),
  entry: "emulate",
};
