import { type Line, LineSplitter } from "../socket/line_splitter.ts";

/**
 * A connection to an agent: sends bytes in order, and receives lines. Drops lines that nothing waits
 * for, which arrive after a call that timed out.
 */
export class AgentLink {
  /** Why the connection has ended; undefined while it is open. */
  ended?: string;

  #conn: Deno.Conn;
  #writes: Promise<void> = Promise.resolve();
  #waiter?: { take: (line: Line) => void; fail: (error: Error) => void };

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.#read();
  }

  /** Queues bytes; a failure shows in the answer. */
  send(bytes: Uint8Array): void {
    this.#writes = this.#writes.then(async () => {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
    }).catch((error) => this.end(`the connection broke: ${error.message}`));
  }

  /**
   * Waits for the first line from now on for which `accept` returns a value. Only one call can wait at a
   * time; `stop` ends the waiting.
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

  /** Closes the connection for a reason. Idempotent. */
  end(why: string): void {
    if (this.ended !== undefined) return;
    this.ended = why;
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
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
