import { Console } from "node:console";
import { Writable } from "node:stream";
import { PRINTED, type Printed } from "./printed.ts";

/** Makes the console of this thread also post its output to the main thread. */
export function relayConsole(): void {
  const post = self.postMessage.bind(self);
  const sink = (kind: Printed[typeof PRINTED]) =>
    new Writable({
      decodeStrings: false,
      write(text, _encoding, done) {
        post({ [PRINTED]: kind, text: String(text) } satisfies Printed);
        done();
      },
    });
  const log = new Console({ stdout: sink("stdout"), stderr: sink("stderr"), colorMode: false });
  type Methods = Record<string, unknown>;
  for (const [name, relay] of Object.entries(log as unknown as Methods)) {
    const print = (console as unknown as Methods)[name];
    if (typeof relay !== "function" || typeof print !== "function") continue;
    (console as unknown as Methods)[name] = (...line: unknown[]) => {
      print.apply(console, line);
      relay.apply(log, line);
    };
  }
}
