import { Control } from "./control.ts";
import type { TranslationStart } from "./program.ts";
import { Relay } from "./relay.ts";

/** Runs the translators on this thread until it is told to stop. */
export function translate({ memory, wake }: TranslationStart): void {
  new Relay(new Control(memory), wake).run();
}
