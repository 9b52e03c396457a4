import { dial } from "../socket/dial.ts";
import { QmpError } from "../options/errors.ts";
import { LineSplitter } from "../socket/line_splitter.ts";
import type { QmpCommands } from "./qmp_commands.ts";
import { within } from "../socket/within.ts";

/** An event that QEMU emits. */
export interface QmpEvent {
  /** For example `STOP`, `SHUTDOWN` or `MIGRATION`. */
  event: string;
  /** The event's data; empty for most. */
  data: Record<string, unknown>;
  /** When it happened, in milliseconds since 1970. */
  timestampMs: number;
}

/** How to reach QEMU. */
export interface QmpOptions {
  /** The name of the VM, with which each message begins. */
  label: string;
  /** The timeout of connecting, and of each command, in milliseconds. Default 10000. */
  timeoutMs?: number;
  /** Returns text to add to an error, such as the last lines of the console. */
  hint?: () => string;
  /** Aborted when QEMU has ended; all calls then fail at once. */
  signal?: AbortSignal;
}

interface Pending {
  command: string;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** A message from QEMU. */
interface Message {
  QMP?: { version: { qemu: { major: number; minor: number; micro: number } } };
  event?: string;
  data?: Record<string, unknown>;
  timestamp?: { seconds: number; microseconds: number };
  id?: number;
  return?: unknown;
  error?: { class: string; desc: string };
}

/**
 * A client of QEMU's machine protocol (QMP) over a Unix socket.
 *
 * Several commands may be in progress; IDs match the answers. A {@linkcode QmpError} says whether QEMU
 * ended, did not answer or refused.
 */
export class Qmp implements Disposable {
  /** Resolves when the connection has ended, from whichever side. */
  readonly closed: Promise<void>;

  #conn: Deno.Conn;
  #options: QmpOptions;
  #pending = new Map<number, Pending>();
  #listeners = new Set<(event: QmpEvent) => void>();
  #waiting = new Set<(error: QmpError) => void>();
  #lastId = 0;
  #writes: Promise<unknown> = Promise.resolve();
  #greeted = Promise.withResolvers<void>();
  /** Why the connection has ended; undefined while it has not. */
  #end?: string;
  #ended = Promise.withResolvers<void>();

  private constructor(conn: Deno.Conn, options: QmpOptions) {
    this.#conn = conn;
    this.#options = options;
    this.closed = this.#ended.promise;
    this.#greeted.promise.catch(() => {}); // Nothing may be waiting for it.
    this.#read();
  }

  /**
   * Connects and negotiates; retries while the socket does not exist or QEMU does not listen yet.
   *
   * @throws {QmpError} If QEMU does not answer in time, or has ended.
   */
  static async connect(path: string, options: QmpOptions): Promise<Qmp> {
    const { label, timeoutMs = 10_000, signal } = options;
    const deadline = performance.now() + timeoutMs;
    const conn = await dial(path, { timeoutMs, signal }).catch((cause) => {
      throw failure(
        options,
        `${label}: no connection to QEMU's QMP socket ${path}: ${cause.message}`,
        "qmp_capabilities",
        undefined,
        { cause },
      );
    });
    const qmp = new Qmp(conn, options);
    const abort = () => qmp.#finish("QEMU has ended");
    signal?.addEventListener("abort", abort);
    qmp.closed.then(() => signal?.removeEventListener("abort", abort));
    if (signal?.aborted) abort();
    try {
      await within(qmp.#greeted.promise, deadline - performance.now(), () =>
        failure(
          options,
          `${label}: QEMU did not greet on its QMP socket ${path} within ${timeoutMs} ms; is ` +
            "another client connected?",
          "qmp_capabilities",
        ));
      const left = Math.max(1, deadline - performance.now());
      await qmp.execute("qmp_capabilities", {}, { timeoutMs: left });
      return qmp;
    } catch (error) {
      qmp.close();
      throw error;
    }
  }

  /**
   * Executes a command.
   *
   * @param options.timeoutMs The timeout in milliseconds. Default: that of the connection. QEMU may still
   * execute the command after it.
   * @throws {QmpError} If QEMU refuses it, does not answer in time, or has ended.
   */
  async execute<C extends keyof QmpCommands>(
    command: C,
    args?: QmpCommands[C]["arguments"],
    options: { timeoutMs?: number } = {},
  ): Promise<QmpCommands[C]["return"]> {
    if (this.#end !== undefined) throw this.#gone(command);
    const { timeoutMs = this.#options.timeoutMs ?? 10_000 } = options;
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { command: shown(command, args), resolve, reject });
    this.#send({ execute: command, arguments: args, id });
    try {
      return await within(
        promise,
        timeoutMs,
        () => this.#failure(command, args, `QEMU did not answer within ${timeoutMs} ms`),
      ) as QmpCommands[C]["return"];
    } catch (error) {
      if (error instanceof Refusal) {
        const { class: errorClass, desc } = error.answer;
        throw this.#failure(
          command,
          args,
          `QEMU refused: ${desc.replace(/\.$/, "")} (${errorClass})`,
          error.answer,
        );
      }
      throw error;
    } finally {
      this.#pending.delete(id);
    }
  }

  /** Calls a function with each event from now on; returns a function that ends this. */
  on(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Waits for an event. Only events from now on count, so call it before the command that causes the
   * event. A rejection that nothing awaits is not reported as unhandled.
   *
   * @param options.where Selects an event of that name by its data. Default: the first one.
   * @throws {QmpError} If it is not emitted in time, or the connection ends.
   */
  wait(
    event: string,
    options: { timeoutMs: number; where?: (data: Record<string, unknown>) => boolean },
  ): Promise<QmpEvent> {
    const waiting = this.#wait(event, options);
    waiting.catch(() => {});
    return waiting;
  }

  async #wait(
    event: string,
    { timeoutMs, where = () => true }: Parameters<Qmp["wait"]>[1],
  ): Promise<QmpEvent> {
    const what = `the event ${event}`;
    if (this.#end !== undefined) throw this.#gone(what);
    const { promise, resolve, reject } = Promise.withResolvers<QmpEvent>();
    const off = this.on((each) => {
      if (each.event === event && where(each.data)) resolve(each);
    });
    this.#waiting.add(reject);
    try {
      return await within(promise, timeoutMs, () =>
        failure(
          this.#options,
          `${this.#options.label}: QEMU did not emit ${what} within ${timeoutMs} ms`,
          event,
        ));
    } finally {
      off();
      this.#waiting.delete(reject);
    }
  }

  /** Closes the connection; calls in progress fail. QEMU keeps running. Idempotent. */
  close(): void {
    this.#finish("the connection was closed");
  }

  /** As {@linkcode Qmp.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #read(): Promise<void> {
    const splitter = new LineSplitter();
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const n = await this.#conn.read(buffer);
        if (n === null) break;
        for (const { text } of splitter.push(buffer.subarray(0, n))) this.#receive(text);
      }
    } catch (error) {
      return this.#finish(`the connection broke: ${(error as Error).message}`);
    }
    this.#finish("QEMU closed the connection; it has probably ended");
  }

  #receive(text: string): void {
    let message: Message;
    try {
      message = JSON.parse(text);
    } catch {
      return this.#finish(`QEMU sent something that is not QMP: ${text.slice(0, 100)}`);
    }
    if (message.QMP) return this.#greeted.resolve();
    if (message.event !== undefined) return this.#emit(message);
    // An error without an ID is about a message that QEMU could not parse: the oldest one.
    const id = message.id ?? this.#pending.keys().next().value ?? 0;
    const pending = this.#pending.get(id);
    if (message.error) pending?.reject(new Refusal(message.error));
    else pending?.resolve(message.return);
  }

  #emit({ event = "", data = {}, timestamp }: Message): void {
    const timestampMs = timestamp
      ? timestamp.seconds * 1000 + timestamp.microseconds / 1000
      : Date.now();
    for (const listener of [...this.#listeners]) {
      try {
        listener({ event, data, timestampMs });
      } catch (error) {
        reportError(error); // A bug of the listener, which must not stop the answers.
      }
    }
  }

  #send(message: unknown): void {
    const bytes = new TextEncoder().encode(JSON.stringify(message) + "\n");
    this.#writes = this.#writes.then(async () => {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
    }).catch((error) => this.#finish(`the connection broke: ${(error as Error).message}`));
  }

  #finish(why: string): void {
    if (this.#end !== undefined) return;
    this.#end = why;
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
    for (const { command, reject } of this.#pending.values()) reject(this.#gone(command));
    for (const reject of this.#waiting) reject(this.#gone("an event"));
    this.#greeted.reject(this.#gone("qmp_capabilities"));
    this.#pending.clear();
    this.#listeners.clear();
    this.#ended.resolve();
  }

  #gone(what: string): QmpError {
    const { label } = this.#options;
    const [command] = what.split(" ");
    return failure(this.#options, `${label}: QMP ${what}: ${this.#end}`, command);
  }

  #failure(command: string, args: unknown, what: string, answer?: Refusal["answer"]): QmpError {
    const { label } = this.#options;
    return failure(
      this.#options,
      `${label}: QMP ${shown(command, args)}: ${what}`,
      command,
      answer,
    );
  }
}

/** QEMU's answer to a command that it refused. */
class Refusal extends Error {
  constructor(readonly answer: { class: string; desc: string }) {
    super(answer.desc);
  }
}

function failure(
  { hint }: QmpOptions,
  message: string,
  command: string,
  answer?: { class: string; desc: string },
  options?: ErrorOptions,
): QmpError {
  const text = hint?.() ?? "";
  return new QmpError(text ? `${message}\n${text}` : message, command, answer, options);
}

/** Formats a command for messages. */
function shown(command: string, args: unknown): string {
  const text = JSON.stringify(args) ?? "{}";
  if (text === "{}") return command;
  return `${command} ${text.length > 200 ? `${text.slice(0, 197)}...` : text}`;
}
