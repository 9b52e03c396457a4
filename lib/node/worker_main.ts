// The node's worker thread: runs the functions that node.run() sends.
import { encodeThrown, type Thrown } from "./remote_error.ts";
import { enterNode } from "./worker_enter.ts";

/** A function to run, with its arguments. */
export interface RunMessage {
  id: number;
  source: string;
  args: unknown[];
  /** What the function is called in stack traces. */
  name: string;
}

/** What became of it; without an id, the worker is ready. */
export type RunReply =
  | { ready: true }
  | { id: number; ok: true; value: unknown }
  | { id: number; ok: false; thrown: Thrown; unsendable?: boolean };

const reply = (message: RunReply) => self.postMessage(message);

async function run({ id, source, args, name }: RunMessage): Promise<void> {
  let value: unknown;
  try {
    // Indirect eval: the function sees globals, and nothing of this module.
    const fn = (0, eval)(`${source}\n//# sourceURL=${name}`);
    value = await fn(...args);
  } catch (error) {
    return reply({ id, ok: false, thrown: encodeThrown(error) });
  }
  try {
    reply({ id, ok: true, value });
  } catch (error) {
    reply({ id, ok: false, thrown: encodeThrown(error), unsendable: true });
  }
}

await enterNode();
self.addEventListener("message", (event: MessageEvent<RunMessage>) => run(event.data));
reply({ ready: true });
