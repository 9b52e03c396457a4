// The node's worker thread: runs the functions that node.run() sends.
import { encodeThrown } from "./remote_error.ts";
import { REPLY, type RunMessage, type RunReply } from "./run_messages.ts";

const post = self.postMessage.bind(self);
const reply = (message: RunReply) => post(message);

async function run({ id, source, args, name }: RunMessage): Promise<void> {
  let value: unknown;
  try {
    // Indirect eval: the function sees globals, but nothing of this module.
    const fn = (0, eval)(`${source}\n//# sourceURL=${name}`);
    value = await fn(...args);
  } catch (error) {
    return reply({ [REPLY]: "threw", id, thrown: encodeThrown(error) });
  }
  try {
    reply({ [REPLY]: "returned", id, value });
  } catch (error) {
    reply({ [REPLY]: "unsendable", id, thrown: encodeThrown(error) });
  }
}

/** Starts to run functions. */
export function serve(): void {
  const close = self.close.bind(self);
  self.close = () => {
    reply({ [REPLY]: "ending", by: "self.close()" });
    close();
  };
  const exit = Deno.exit.bind(Deno);
  Deno.exit = (code) => {
    reply({ [REPLY]: "ending", by: `Deno.exit(${code ?? ""})` });
    return exit(code);
  };
  self.addEventListener("message", (event: MessageEvent<RunMessage>) => run(event.data));
  reply({ [REPLY]: "ready" });
}
