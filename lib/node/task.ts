import { NodeRemovedError } from "./errors.ts";
import type { Host } from "./host.ts";
import { decodeThrown, type Thrown } from "./remote_error.ts";
import type { EnterMessage } from "./worker_enter.ts";

/** How a module is started in a node. */
export interface SpawnOptions {
  /**
   * The Deno permissions of the module's thread, never more than this process has. Default: the
   * same as this process. Anything else needs `--unstable-worker-options`.
   */
  permissions?: Deno.PermissionOptions;
  /** Passed to the module's default export, if it is a function. Plain data. */
  args?: unknown[];
  /** A name for stack traces. Default: the node's name. */
  name?: string;
}

/** A module that runs on a thread of its own in a node. */
export interface NodeTask extends AsyncDisposable {
  /**
   * Resolves when the module was evaluated and its default export, where that is a function,
   * returned, or when it calls `self.close()`; rejects when one of them throws. Servers that the
   * module started go on until {@link NodeTask.stop}.
   */
  readonly done: Promise<void>;
  /** Sends a message to the module's `self.onmessage`. */
  post(message: unknown): void;
  /** What the module sends by `self.postMessage`. */
  messages(): AsyncIterable<unknown>;
  /** Ends the thread. Calling it again does nothing. */
  stop(): Promise<void>;
}

const ENVELOPE = "netyard:task";

type Report = { [ENVELOPE]: "entered" | "done" } | { [ENVELOPE]: "failed"; thrown: Thrown };

/** The module that a task's thread loads. The literal import lets it load without `--allow-read`. */
function entrySource(module: string, args: unknown[]): string {
  const here = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  return [
    `import { enterNode } from ${here("./worker_enter.ts")};`,
    `import { encodeThrown } from ${here("./remote_error.ts")};`,
    `const report = (kind, more) => self.postMessage({ ${
      JSON.stringify(ENVELOPE)
    }: kind, ...more });`,
    `const close = self.close.bind(self);`,
    `self.close = () => { report("done"); close(); };`,
    `try {`,
    `  await enterNode();`,
    `  report("entered");`,
    `  const module = await import(${JSON.stringify(module)});`,
    `  if (typeof module.default === "function") await module.default(...${JSON.stringify(args)});`,
    `  report("done");`,
    `} catch (error) { report("failed", { thrown: encodeThrown(error) }); }`,
  ].join("\n");
}

function narrowed(
  asked: Deno.PermissionOptions | undefined,
): { permissions?: Deno.PermissionOptions; dropFfi: boolean } {
  if (asked === undefined || asked === "inherit") return { dropFfi: false };
  const object = asked === "none" ? {} : asked;
  return { permissions: { ...object, ffi: true }, dropFfi: object.ffi !== true };
}

/** Starts a module in a node; see {@link NodeTask}. */
export class ModuleTask implements NodeTask {
  readonly done: Promise<void>;
  #worker: Worker;
  #host: Host;
  #settle = Promise.withResolvers<void>();
  #entered = false;
  #stopped = false;
  #outbox: unknown[] = [];
  #inbox: unknown[] = [];
  #waiting: (() => void)[] = [];
  #onStop: () => void;

  constructor(host: Host, module: URL | string, options: SpawnOptions, onStop: () => void) {
    this.#host = host;
    this.#onStop = onStop;
    this.done = this.#settle.promise;
    // Nobody may be waiting; stop() and close() must not be an unhandled rejection.
    this.done.catch(() => {});
    const { permissions, dropFfi } = narrowed(options.permissions);
    const enter: EnterMessage = { ...host.sandbox.handles, dropFfi };
    const source = new Blob([entrySource(String(module), options.args ?? [])], {
      type: "application/javascript",
    });
    const entry = URL.createObjectURL(source);
    this.#worker = host.namespace.enter(() =>
      new Worker(entry, {
        type: "module",
        name: options.name ?? host.name,
        ...permissions && { deno: { permissions } },
      })
    );
    this.#worker.onmessage = (event) => this.#receive(event.data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#end(new Error(`${host.name}: ${module} failed: ${event.message}`));
    };
    this.#worker.postMessage(enter);
  }

  post(message: unknown): void {
    if (this.#stopped) throw new NodeRemovedError(`${this.#host.name}: the module was stopped`);
    if (this.#entered) this.#worker.postMessage(message);
    else this.#outbox.push(message);
  }

  async *messages(): AsyncIterable<unknown> {
    for (;;) {
      while (this.#inbox.length) yield this.#inbox.shift();
      if (this.#stopped) return;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  stop(): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true;
      this.#worker.terminate();
      this.#settle.resolve();
      this.#wake();
      this.#onStop();
    }
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #receive(message: unknown): void {
    if (!isReport(message)) {
      this.#inbox.push(message);
      return this.#wake();
    }
    switch (message[ENVELOPE]) {
      case "entered":
        this.#entered = true;
        for (const waiting of this.#outbox.splice(0)) this.#worker.postMessage(waiting);
        break;
      case "done":
        this.#settle.resolve();
        break;
      case "failed":
        this.#end(decodeThrown((message as { thrown: Thrown }).thrown, ""));
    }
  }

  #end(error: unknown): void {
    this.#settle.reject(error);
    this.stop();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function isReport(message: unknown): message is Report {
  return typeof message === "object" && message !== null && ENVELOPE in message;
}
