import { NodeRemovedError, RemoteFunctionError } from "../process/errors.ts";
import type { Host } from "../process/host.ts";
import { importing, NodeThread } from "./node_thread.ts";
import { decodeThrown } from "./remote_error.ts";
import { TASK, type TaskReport } from "./task_messages.ts";

/** The options of a spawned module. */
export interface SpawnOptions {
  /**
   * The Deno permissions of the module's thread, never more than this process has. Default: the
   * same as this process. Anything else needs `--unstable-worker-options`.
   */
  permissions?: Deno.PermissionOptions;
  /** Passed to the module's default export, if it is a function. Copied, as by `structuredClone`. */
  args?: unknown[];
  /** A name for stack traces. Default: the node's name. */
  name?: string;
}

/** A module that runs on its own thread in a node. */
export interface NodeTask extends AsyncDisposable {
  /**
   * Resolves when the module was evaluated and its default export, if it is a function, has returned, or
   * when it calls `self.close()` or `Deno.exit(0)`; rejects when one of them throws. Servers that the
   * module started keep running until {@link NodeTask.stop}.
   */
  readonly done: Promise<void>;
  /** Sends a message to the module's `self.onmessage`. */
  post(message: unknown): void;
  /** Returns the messages of `self.postMessage()`; throws the error that ended the module after `done`. */
  messages(): AsyncIterable<unknown>;
  /**
   * Ends the thread, its sockets and its processes; resolves when they have ended, so that their ports
   * are free. Idempotent.
   */
  stop(): Promise<void>;
}

/** Starts a module in a node; see {@link NodeTask}. */
export class ModuleTask implements NodeTask {
  readonly done: Promise<void>;
  #thread: NodeThread;
  #host: Host;
  #module: string;
  #settle = Promise.withResolvers<void>();
  #settled = false;
  #entered = false;
  #stopped = false;
  #failure: unknown;
  #outbox: unknown[] = [];
  #inbox: unknown[] = [];
  #waiting: (() => void)[] = [];
  #onStop: () => void;
  #id: string;

  constructor(host: Host, module: URL | string, options: SpawnOptions, onStop: () => void) {
    this.#host = host;
    this.#module = String(module);
    this.#onStop = onStop;
    this.done = this.#settle.promise;
    // Nothing may be awaiting it; stop() and close() must not cause an unhandled rejection.
    this.done.catch(() => {});
    const payload = sending(host, this.#module, () => structuredClone(options.args ?? []));
    this.#thread = new NodeThread(host, {
      name: options.name ?? host.name,
      permissions: options.permissions,
      body: [
        `const { runTask } = await ${importing("./worker_task.ts", options.permissions)};`,
        `await runTask(() => ${importing(this.#module, options.permissions)}, payload);`,
      ].join("\n"),
      payload,
      onMessage: (message) => this.#receive(message),
      onError: (message) => this.#fail(new Error(`${host.name}: ${module} failed: ${message}`)),
    });
    this.#id = host.taskStarted(this.#module);
  }

  post(message: unknown): void {
    if (this.#stopped) {
      throw new NodeRemovedError(
        `${this.#host.name}: ${this.#module} was stopped and gets no message`,
      );
    }
    sending(this.#host, this.#module, () => {
      if (this.#entered) this.#thread.post(message);
      else this.#outbox.push(structuredClone(message));
    });
  }

  async *messages(): AsyncIterable<unknown> {
    for (;;) {
      while (this.#inbox.length) yield this.#inbox.shift();
      if (this.#failure) throw this.#failure;
      if (this.#stopped) return;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  stop(): Promise<void> {
    this.#end();
    return this.#thread.gone();
  }

  #end(error?: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#thread.terminate();
    this.#resolve();
    this.#wake();
    this.#onStop();
    this.#host.taskEnded(this.#id, error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #receive(message: unknown): void {
    if (!isReport(message)) {
      this.#inbox.push(message);
      return this.#wake();
    }
    switch (message[TASK]) {
      case "entered":
        this.#entered = true;
        this.#thread.entered();
        for (const waiting of this.#outbox.splice(0)) this.#thread.post(waiting);
        break;
      case "done":
        this.#resolve();
        break;
      case "exited":
        if (message.code !== 0) {
          this.#fail(
            new Error(`${this.#host.name}: ${this.#module} called Deno.exit(${message.code})`),
          );
        } else {
          this.#end();
        }
        break;
      case "closed":
        this.#end();
        break;
      case "failed":
        this.#fail(decodeThrown(message.thrown));
    }
  }

  #resolve(): void {
    this.#settled = true;
    this.#settle.resolve();
  }

  #fail(error: unknown): void {
    if (this.#stopped) return;
    // Its servers have ended, and `done` has settled already.
    if (this.#settled) this.#failure = error;
    this.#settle.reject(error);
    this.#end(error);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Calls a function that copies a value, and explains a failure. */
function sending<T>(host: Host, module: string, copy: () => T): T {
  try {
    return copy();
  } catch (error) {
    throw new RemoteFunctionError(
      `${host.name}: this cannot be sent to ${module}: ${(error as Error).message}; ` +
        "send plain data, and make sockets and the like in the module",
      { cause: error },
    );
  }
}

function isReport(message: unknown): message is TaskReport {
  return typeof message === "object" && message !== null && TASK in message;
}
