import type { LoopProgram } from "../loop/thread.ts";

/** What the thread of the translators is told when it starts. */
export interface TranslationStart {
  memory: SharedArrayBuffer;
  /** An eventfd that says that commands wait. */
  wake: number;
}

/** The thread of a lab's translators. */
export const TRANSLATION_PROGRAM: LoopProgram = {
  name: "netyard-translation",
  module: new URL("./worker.ts", import.meta.url),
  entry: "translate",
};
