import { NodeRemovedError, RemoteFunctionError } from "./errors.ts";
import { functionSource, missingVariable } from "./function_source.ts";
import type { Host } from "./host.ts";
import { decodeThrown } from "./remote_error.ts";
import type { EnterMessage } from "./worker_enter.ts";
import type { RunMessage, RunReply } from "./worker_main.ts";

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  sentFrom: string;
}

/** The thread of a node on which `run` runs its functions; started with the first of them. */
export class NodeWorker {
  #host: Host;
  #worker: Worker | undefined;
  #ready: Promise<Worker> | undefined;
  #pending = new Map<number, Pending>();
  #calls = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Sends a function and its arguments; resolves with what it returns. */
  async run(fn: (...args: never[]) => unknown, args: unknown[]): Promise<unknown> {
    const source = functionSource(fn);
    const sentFrom = new Error().stack ?? "";
    const worker = await (this.#ready ??= this.#start());
    const id = ++this.#calls;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject, sentFrom });
    const name = `${this.#host.name}:${fn.name || "run"}`;
    try {
      worker.postMessage({ id, source, args, name } satisfies RunMessage);
    } catch (error) {
      this.#pending.delete(id);
      throw new RemoteFunctionError(
        `${this.#host.name}: an argument of run() cannot be sent to the node's thread: ` +
          `${(error as Error).message}; send plain data, and make sockets and the like inside`,
        { cause: error },
      );
    }
    return await promise;
  }

  /** Ends the thread; what still runs is rejected. */
  close(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#fail(new NodeRemovedError(`node "${this.#host.name}" closed while run() was running`));
  }

  async #start(): Promise<Worker> {
    const enter: EnterMessage = this.#host.sandbox.handles;
    const worker = this.#host.namespace.enter(() =>
      new Worker(new URL("./worker_main.ts", import.meta.url), {
        type: "module",
        name: this.#host.name,
      })
    );
    this.#worker = worker;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // close() during the start must end the wait too.
    this.#pending.set(0, { resolve: () => resolve(), reject, sentFrom: "" });
    worker.onmessage = (event: MessageEvent<RunReply>) => this.#settle(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(
        new RemoteFunctionError(
          `${this.#host.name}: the node's thread ended by an error outside run(): ${event.message}`,
        ),
      );
      this.#worker?.terminate();
      this.#worker = this.#ready = undefined;
    };
    worker.postMessage(enter);
    await promise;
    return worker;
  }

  #settle(message: RunReply): void {
    const id = "ready" in message ? 0 : message.id;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (!pending) return;
    if ("ready" in message) return pending.resolve(undefined);
    if (message.ok) return pending.resolve(message.value);
    pending.reject(this.#explain(message, pending));
  }

  #explain(message: Extract<RunReply, { ok: false }>, pending: Pending): unknown {
    const error = decodeThrown(message.thrown, pending.sentFrom);
    if (message.unsendable) {
      return new RemoteFunctionError(
        `${this.#host.name}: what the function returned cannot be sent back: ` +
          `${(error as Error).message}; return plain data`,
        { cause: error },
      );
    }
    const variable = missingVariable(error);
    if (variable === undefined) return error;
    return new RemoteFunctionError(
      `${this.#host.name}: the function sent to the node uses "${variable}", which is not defined ` +
        `there: only the function itself goes to the node's thread; pass "${variable}" as an argument`,
      { cause: error },
    );
  }

  #fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
