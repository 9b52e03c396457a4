// A spawned module's thread: loads the module, calls its default export, and reports.
import { encodeThrown } from "./remote_error.ts";
import { TASK, type TaskReport } from "./task_messages.ts";

/** Runs the module that `load` imports. */
export async function runTask(
  load: () => Promise<{ default?: unknown }>,
  args: unknown[],
): Promise<void> {
  const post = self.postMessage.bind(self);
  const report = (message: TaskReport) => post(message);
  const close = self.close.bind(self);
  self.close = () => {
    report({ [TASK]: "closed" });
    close();
  };
  const exit = Deno.exit.bind(Deno);
  Deno.exit = (code) => {
    report({ [TASK]: "exited", code: code ?? Deno.exitCode });
    return exit(code);
  };
  holdMessages();
  try {
    report({ [TASK]: "entered" });
    const module = await load();
    if (typeof module.default === "function") await module.default(...args);
    report({ [TASK]: "done" });
  } catch (error) {
    report({ [TASK]: "failed", thrown: encodeThrown(error) });
  }
}

/** Queues messages until the module listens for them: loading may take a while. */
function holdMessages(): void {
  const held: unknown[] = [];
  const hold = (event: MessageEvent) => {
    event.stopImmediatePropagation();
    held.push(event.data);
  };
  const add = self.addEventListener;
  const onmessage = Object.getOwnPropertyDescriptor(self, "onmessage")!;
  const release = () => {
    self.addEventListener = add;
    Object.defineProperty(self, "onmessage", onmessage);
    queueMicrotask(() => {
      self.removeEventListener("message", hold);
      // Of the setter and the listener that it adds, the second finds nothing.
      for (const data of held.splice(0)) self.dispatchEvent(new MessageEvent("message", { data }));
    });
  };
  self.addEventListener("message", hold);
  self.addEventListener = (...line: [string, ...unknown[]]) => {
    Reflect.apply(add, self, line);
    if (line[0] === "message") release();
  };
  Object.defineProperty(self, "onmessage", {
    ...onmessage,
    set(handler) {
      onmessage.set!.call(self, handler);
      if (handler) release();
    },
  });
}
