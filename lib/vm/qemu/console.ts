import { VmError } from "../options/errors.ts";
import { tail } from "../../files/tail.ts";
import { within } from "../socket/within.ts";

/** Options of a console. */
export interface ConsoleOptions {
  /** The name of the VM, with which each message begins. */
  label: string;
  /** The factor for default deadlines, for guests that run slowly. Default 1. */
  timeoutFactor?: number;
  /** Receives everything that the guest prints. */
  sink?: (bytes: Uint8Array) => void;
}

/** How many characters are kept; older ones are dropped. */
const KEPT = 1024 * 1024;
/** Trimming for each piece that arrives would copy the whole text each time. */
const SLACK = KEPT / 4;
const ERROR_LINES = 15;

interface Expectation {
  look: () => void;
  fail: (error: Error) => void;
}

/**
 * The serial console of a guest: its output, and a keyboard for it.
 *
 * It outlives connections: when a VM starts again, a new connection continues the text.
 */
export class Console implements Disposable {
  #options: ConsoleOptions;
  #conn?: Deno.Conn;
  #text = "";
  /** How many characters were dropped before the first one that is kept. */
  #dropped = 0;
  #readUpTo = 0;
  #expectedUpTo = 0;
  #expectations = new Set<Expectation>();
  #writes: Promise<unknown> = Promise.resolve();
  #following: Promise<void> = Promise.resolve();

  /** Does nothing yet. */
  constructor(options: ConsoleOptions) {
    this.#options = options;
  }

  /** The output, of which the last 1 Mi characters are kept. */
  get log(): string {
    return this.#text.slice(-KEPT);
  }

  /** Takes over a connection to the serial port, and closes the one before. */
  attach(conn: Deno.Conn): void {
    this.#detach();
    this.#conn = conn;
    this.#writes = Promise.resolve();
    this.#following = this.#follow(conn);
  }

  /** Resolves when the current connection has ended and all its output has been read. */
  get ended(): Promise<void> {
    return this.#following;
  }

  /** Returns the output since the last call. */
  read(): string {
    const text = this.#from(this.#readUpTo);
    this.#readUpTo = this.#end;
    return text;
  }

  /**
   * Types a text; a line needs its `"\n"`.
   *
   * @throws {VmError} If nothing is attached, or the connection ends.
   */
  async write(text: string): Promise<void> {
    const conn = this.#conn;
    const what = `${this.#options.label}: console.write()`;
    if (!conn) throw new VmError(`${what}: the VM has no console now; boot() it first`);
    const bytes = new TextEncoder().encode(text);
    const written = this.#writes.then(async () => {
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    });
    this.#writes = written.catch(() => {});
    try {
      await written;
    } catch (cause) {
      throw new VmError(`${what}: the console was closed`, { cause });
    }
  }

  /**
   * Waits until the guest prints something. The search begins after the last match, so output from
   * before the call counts, too, but nothing matches twice.
   *
   * @param pattern A text, or a regular expression, which can match across lines.
   * @param options.timeoutMs The timeout in milliseconds. Default 30000, and longer where guests run
   * slowly (TCG).
   * @throws {VmError} If it is not printed in time, or the console ends; it shows the last lines.
   */
  async expect(
    pattern: string | RegExp,
    options: { timeoutMs?: number } = {},
  ): Promise<RegExpMatchArray> {
    const { label, timeoutFactor = 1 } = this.#options;
    const { timeoutMs = 30_000 * timeoutFactor } = options;
    const what = `${label}: console.expect(${
      typeof pattern === "string" ? JSON.stringify(pattern) : pattern
    })`;
    const regexp = typeof pattern === "string"
      ? new RegExp(RegExp.escape(pattern))
      : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
    const { promise, resolve, reject } = Promise.withResolvers<RegExpMatchArray>();
    const look = () => {
      const start = Math.max(this.#expectedUpTo, this.#dropped);
      const match = this.#from(start).match(regexp);
      if (!match) return;
      this.#expectations.delete(expectation);
      this.#expectedUpTo = start + match.index! + match[0].length;
      resolve(match);
    };
    const fail = (error: Error) => reject(this.#failure(`${what}: ${error.message}`));
    const expectation = { look, fail };
    this.#expectations.add(expectation);
    try {
      look();
      return await within(
        promise,
        timeoutMs,
        () => this.#failure(`${what}: it was not printed within ${timeoutMs} ms`),
      );
    } finally {
      this.#expectations.delete(expectation);
    }
  }

  /** Returns the last lines, without control sequences, for error messages. */
  lines(n: number): string {
    return tail(plain(this.#text.slice(-200 * n)), n);
  }

  /** Closes the connection; the output stays. Idempotent. */
  close(): void {
    this.#detach();
  }

  /** As {@linkcode Console.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #end(): number {
    return this.#dropped + this.#text.length;
  }

  #from(position: number): string {
    return this.#text.slice(Math.max(0, position - this.#dropped));
  }

  async #follow(conn: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    const decoder = new TextDecoder();
    try {
      for (;;) {
        const n = await conn.read(buffer);
        if (this.#conn !== conn || n === null) break;
        this.#options.sink?.(buffer.slice(0, n));
        this.#add(decoder.decode(buffer.subarray(0, n), { stream: true }));
      }
    } catch {
      // The connection is gone, which is the same as its end.
    }
    if (this.#conn === conn) this.#detach();
  }

  #add(text: string): void {
    this.#text += text;
    if (this.#text.length > KEPT + SLACK) {
      this.#dropped += this.#text.length - KEPT;
      this.#text = this.#text.slice(-KEPT);
    }
    for (const expectation of [...this.#expectations]) expectation.look();
  }

  #detach(): void {
    const conn = this.#conn;
    if (!conn) return;
    this.#conn = undefined;
    try {
      conn.close();
    } catch {
      // It is closed already.
    }
    for (const { fail } of this.#expectations) fail(new Error("the console was closed"));
  }

  #failure(message: string): VmError {
    const lines = this.lines(ERROR_LINES);
    return new VmError(`${message}\n${lines ? `its last lines:\n${lines}` : "it printed nothing"}`);
  }
}

/** Removes the control sequences of terminals, and normalizes line breaks. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b(\[[0-?]*[ -/]*[@-~]|[@-Z\\-_]|\][^\x07\x1b]*(\x07|\x1b\\)?)/g, "")
    .replace(/\r+\n/g, "\n").replace(/^.*\r(?!\n|$)/gm, "");
}
