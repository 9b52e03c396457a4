import { type Line, LineSplitter } from "../socket/line_splitter.ts";

/**
 * A connection to an agent: bytes out in order, lines in. Lines for which nobody waits are dropped;
 * there are such after a call that was given up.
 */
export class AgentLink {
  /** Why it has ended; undefined while it has not. */
  ended?: string;

  #conn: Deno.Conn;
  #writes: Promise<void> = Promise.resolve();
  #waiter?: { take: (line: Line) => void; fail: (error: Error) => void };

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.#read();
  }

  /** Queues bytes; what became of them shows in the answer. */
  send(bytes: Uint8Array): void {
    this.#writes = this.#writes.then(async () => {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
    }).catch((error) => this.end(`the connection broke: ${error.message}`));
  }

  /**
   * The first line from now on that `accept` makes something of. Only one can be waited for at once;
   * `stop` gives the waiting up.
   */
  expect<T>(accept: (line: Line) => T | undefined): { answer: Promise<T>; stop: () => void } {
    const { promise: answer, resolve, reject } = Promise.withResolvers<T>();
    const waiter = {
      take: (line: Line) => {
        try {
          const value = accept(line);
          if (value !== undefined) resolve(value);
        } catch (error) {
          reject(error);
        }
      },
      fail: reject,
    };
    this.#waiter = waiter;
    if (this.ended !== undefined) reject(new Error(this.ended));
    const stop = () => {
      if (this.#waiter === waiter) this.#waiter = undefined;
    };
    return { answer, stop };
  }

  /** Closes it, for a reason. Calling it again does nothing. */
  end(why: string): void {
    if (this.ended !== undefined) return;
    this.ended = why;
    try {
      this.#conn.close();
    } catch {
      // It is closed.
    }
    this.#waiter?.fail(new Error(why));
  }

  async #read(): Promise<void> {
    const splitter = new LineSplitter();
    const buffer = new Uint8Array(262_144);
    try {
      for (;;) {
        const n = await this.#conn.read(buffer);
        if (n === null) break;
        for (const line of splitter.push(buffer.subarray(0, n))) this.#waiter?.take(line);
      }
    } catch (error) {
      return this.end(`the connection broke: ${(error as Error).message}`);
    }
    this.end("the other side closed the connection; QEMU has probably ended");
  }
}
