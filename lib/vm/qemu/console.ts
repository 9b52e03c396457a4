import { VmError } from "../options/errors.ts";
import { tail } from "../../files/tail.ts";
import { within } from "../socket/within.ts";

/** How a console behaves. */
export interface ConsoleOptions {
  /** The name of the VM, which begins each message. */
  label: string;
  /** By how much default deadlines are longer, for guests that run slowly. Default 1. */
  timeoutFactor?: number;
  /** Gets all that the guest prints, as it comes. */
  sink?: (bytes: Uint8Array) => void;
}

/** How much is kept, in characters; the older part is forgotten. */
const KEPT = 1024 * 1024;
/** Cutting at each piece that comes would copy all of it each time. */
const SLACK = KEPT / 4;
const ERROR_LINES = 15;

interface Expectation {
  look: () => void;
  fail: (error: Error) => void;
}

/**
 * The serial console of a guest: what it printed, and a keyboard for it.
 *
 * It outlives connections: a VM that starts anew is attached anew, and the text goes on.
 */
export class Console implements Disposable {
  #options: ConsoleOptions;
  #conn?: Deno.Conn;
  #text = "";
  /** How much came before the first character that is kept. */
  #forgotten = 0;
  #readUpTo = 0;
  #expectedUpTo = 0;
  #expectations = new Set<Expectation>();
  #writes: Promise<unknown> = Promise.resolve();
  #following: Promise<void> = Promise.resolve();

  /** Without a connection yet. */
  constructor(options: ConsoleOptions) {
    this.#options = options;
  }

  /** All that was printed, of which the last 1 Mi characters are kept. */
  get log(): string {
    return this.#text.slice(-KEPT);
  }

  /** Takes over a connection to the serial port, and lets go of the one before. */
  attach(conn: Deno.Conn): void {
    this.#detach();
    this.#conn = conn;
    this.#writes = Promise.resolve();
    this.#following = this.#follow(conn);
  }

  /** Resolves when the connection that there is now has ended, and all that came by it was read. */
  get ended(): Promise<void> {
    return this.#following;
  }

  /** What came since the last call. */
  read(): string {
    const text = this.#from(this.#readUpTo);
    this.#readUpTo = this.#end;
    return text;
  }

  /**
   * Types a text; a line wants its `"\n"`.
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
   * Waits until the guest prints something. The search begins behind the last match, so that what
   * came before the call counts, too, but nothing twice.
   *
   * @param pattern A text, or a regular expression over all lines that come.
   * @param options.timeoutMs When to give up, in milliseconds. Default 30000, and more where guests
   * run slowly.
   * @throws {VmError} If it does not come in time, or the console ends; it shows the last lines.
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
      const start = Math.max(this.#expectedUpTo, this.#forgotten);
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
        () => this.#failure(`${what}: it did not come within ${timeoutMs} ms`),
      );
    } finally {
      this.#expectations.delete(expectation);
    }
  }

  /** The last lines as text, without control sequences; for error messages. */
  lines(n: number): string {
    return tail(plain(this.#text.slice(-200 * n)), n);
  }

  /** Lets go of the connection; what was printed stays. Calling it again does nothing. */
  close(): void {
    this.#detach();
  }

  /** As {@linkcode Console.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #end(): number {
    return this.#forgotten + this.#text.length;
  }

  #from(position: number): string {
    return this.#text.slice(Math.max(0, position - this.#forgotten));
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
      // It is gone, as at its end.
    }
    if (this.#conn === conn) this.#detach();
  }

  #add(text: string): void {
    this.#text += text;
    if (this.#text.length > KEPT + SLACK) {
      this.#forgotten += this.#text.length - KEPT;
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
      // It is closed.
    }
    for (const { fail } of this.#expectations) fail(new Error("the console was closed"));
  }

  #failure(message: string): VmError {
    const lines = this.lines(ERROR_LINES);
    return new VmError(`${message}\n${lines ? `its last lines:\n${lines}` : "it printed nothing"}`);
  }
}

/** Text without what moves a terminal's cursor or colours it, and with plain line breaks. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b(\[[0-?]*[ -/]*[@-~]|[@-Z\\-_]|\][^\x07\x1b]*(\x07|\x1b\\)?)/g, "")
    .replace(/\r+\n/g, "\n").replace(/^.*\r(?!\n|$)/gm, "");
}
