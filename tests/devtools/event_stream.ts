// Server-sent events, read as a browser would.

// deno-lint-ignore no-explicit-any -- JSON of several messages
type Data = any;

/** A message of the stream. */
export interface StreamMessage {
  event: string;
  id: string;
  data: Data;
  /** The bytes in it, as text. */
  text: string;
}

const PATIENCE_MS = 20_000;

/** A connection that receives server-sent events. */
export class EventStream {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #pending = "";

  private constructor(reader: ReadableStreamDefaultReader<string>) {
    this.#reader = reader;
  }

  /** Connects; with the ID of the last message, as a browser does when it connects again. */
  static async open(address: string, lastId?: string): Promise<EventStream> {
    const headers: Record<string, string> = lastId === undefined ? {} : { "last-event-id": lastId };
    const response = await fetch(address, { headers });
    if (!response.ok) throw new Error(await response.text());
    return new EventStream(response.body!.pipeThrough(new TextDecoderStream()).getReader());
  }

  /** The next message of a kind; others are left out. */
  async next(event: string): Promise<StreamMessage> {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const end = this.#pending.indexOf("\n\n");
      if (end < 0) {
        const { value, done } = await this.#reader.read();
        if (done) throw new Error(`the stream ended before a message "${event}"`);
        this.#pending += value;
        continue;
      }
      const fields = Object.fromEntries(
        this.#pending.slice(0, end).split("\n").map((line) => line.split(/: (.*)/s, 2)),
      );
      this.#pending = this.#pending.slice(end + 2);
      if (fields.event !== event) continue;
      const data: Data = JSON.parse(fields.data);
      const bytes = Uint8Array.fromBase64(data.bytes ?? "");
      return { event, id: fields.id, data, text: new TextDecoder().decode(bytes) };
    }
    throw new Error(`no message "${event}"`);
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}
