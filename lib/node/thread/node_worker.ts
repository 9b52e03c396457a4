import { NodeRemovedError, RemoteFunctionError } from "../process/errors.ts";
import { functionSource, missingVariable } from "./function_source.ts";
import type { Host } from "../process/host.ts";
import { importing, NodeThread } from "./node_thread.ts";
import { decodeThrown, userFrames } from "./remote_error.ts";
import { REPLY, type RunMessage, type RunReply } from "./run_messages.ts";

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  sentFrom: string;
}

/** The thread on which `node.run()` runs functions; started with the first one. */
export class NodeWorker {
  #host: Host;
  #thread: NodeThread | undefined;
  #ready: PromiseWithResolvers<void> | undefined;
  #pending = new Map<number, Pending>();
  #calls = 0;
  /** The reason why the thread has ended. */
  #ended: () => Error = () => this.#error("the node's thread ended");

  constructor(host: Host) {
    this.#host = host;
  }

  /** Sends a function and its arguments; resolves with the result. */
  async run(fn: (...args: never[]) => unknown, args: unknown[]): Promise<unknown> {
    const sentFrom = userFrames(new Error().stack);
    const source = functionSource(fn, this.#host.name);
    const thread = this.#thread ??= this.#start();
    await this.#ready?.promise;
    if (this.#thread !== thread) throw this.#ended();
    const id = ++this.#calls;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject, sentFrom });
    // It stands at the end of a line of the source.
    const name = `${this.#host.name}:${fn.name.replace(/[^\w.$-]+/g, "_") || "run"}`;
    try {
      thread.post({ id, source, args, name } satisfies RunMessage);
    } catch (error) {
      this.#pending.delete(id);
      throw this.#error(
        `an argument of run() cannot be sent to the node's thread: ${(error as Error).message}; ` +
          "send plain data, and make sockets and the like inside",
        error,
        sentFrom,
      );
    }
    return await promise;
  }

  /** Ends the thread; running functions are rejected. */
  close(): void {
    this.#end(() =>
      new NodeRemovedError(`node "${this.#host.name}" closed while run() was running`)
    );
  }

  #start(): NodeThread {
    const ready = this.#ready = Promise.withResolvers<void>();
    return new NodeThread(this.#host, {
      name: this.#host.name,
      body: `(await ${importing("./worker_main.ts")}).serve();`,
      onMessage: (message) => isReply(message) && this.#settle(message, ready),
      onError: (message) => {
        const error = () =>
          this.#error(`the node's thread ended by an error outside run(): ${message}`);
        this.#end(error);
        this.#host.threadFailed(error());
      },
    });
  }

  #settle(message: RunReply, ready: PromiseWithResolvers<void>): void {
    if (message[REPLY] === "ready") {
      this.#thread?.entered();
      return ready.resolve();
    }
    if (message[REPLY] === "ending") {
      const { by } = message;
      return this.#end(() => this.#error(`a function sent to the node ended its thread by ${by}`));
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (!pending) return;
    if (message[REPLY] === "returned") pending.resolve(message.value);
    else pending.reject(this.#explain(message, pending.sentFrom));
  }

  #explain(
    message: Extract<RunReply, { [REPLY]: "threw" | "unsendable" }>,
    sentFrom: string,
  ): unknown {
    const error = decodeThrown(message.thrown, sentFrom);
    if (message[REPLY] === "unsendable") {
      return this.#error(
        `what the function returned cannot be sent back: ${(error as Error).message}; ` +
          "return plain data",
        error,
        sentFrom,
      );
    }
    const variable = missingVariable(error);
    if (variable === undefined) return error;
    return this.#error(
      `the function sent to the node uses "${variable}", which is not defined there: ` +
        `only the function itself goes to the node's thread; pass "${variable}" as an argument`,
      error,
      sentFrom,
    );
  }

  #error(message: string, cause?: unknown, sentFrom?: string): RemoteFunctionError {
    const error = new RemoteFunctionError(
      `${this.#host.name}: ${message}`,
      cause === undefined ? undefined : { cause },
    );
    if (sentFrom !== undefined) error.stack = `${error}\n${sentFrom}`;
    return error;
  }

  /** Ends the thread, if there is one; the next call starts a new one. */
  #end(error: () => Error): void {
    this.#thread?.terminate();
    const ready = this.#ready;
    const pending = [...this.#pending.values()];
    this.#thread = this.#ready = undefined;
    this.#ended = error;
    this.#pending.clear();
    // Nothing awaits it once the thread is ready.
    ready?.promise.catch(() => {});
    ready?.reject(error());
    for (const { reject } of pending) reject(error());
  }
}

function isReply(message: unknown): message is RunReply {
  return typeof message === "object" && message !== null && REPLY in message;
}
