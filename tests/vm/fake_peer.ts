import { LineSplitter } from "../../lib/vm/socket/line_splitter.ts";

const encoder = new TextEncoder();

/** One client of a fake server. */
export class Peer {
  #conn: Deno.Conn;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Sends text, or bytes as they are. */
  async send(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  /** Sends one message as a line. */
  json(message: unknown): Promise<void> {
    return this.send(JSON.stringify(message) + "\n");
  }

  close(): void {
    try {
      this.#conn.close();
    } catch {
      // The client closed first.
    }
  }
}

/** The behaviour of a fake server. */
export interface Behaviour {
  greet?: (peer: Peer) => Promise<void> | void;
  // deno-lint-ignore no-explicit-any
  answer?: (peer: Peer, message: any, delimited: boolean) => Promise<unknown> | unknown;
}

/** A server on a Unix socket that reads lines of JSON; closing it closes all its connections. */
export class FakeServer implements AsyncDisposable {
  readonly path: string;
  /** All lines that clients sent, in order; a line that is not JSON as text. */
  readonly received: unknown[] = [];
  /** How many bytes clients sent. */
  bytes = 0;
  /** The client that connected last. */
  peer?: Peer;
  #listener: Deno.Listener;
  #peers = new Set<Peer>();
  #serving: Promise<void>[] = [];
  #directory: string;

  constructor(behaviour: Behaviour) {
    this.#directory = Deno.makeTempDirSync();
    this.path = `${this.#directory}/socket`;
    this.#listener = Deno.listen({ transport: "unix", path: this.path });
    this.#serving.push(this.#accept(behaviour));
  }

  connect(): Promise<Deno.Conn> {
    return Deno.connect({ transport: "unix", path: this.path });
  }

  async #accept(behaviour: Behaviour): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        const peer = this.peer = new Peer(conn);
        this.#peers.add(peer);
        this.#serving.push(this.#serve(peer, conn, behaviour));
      }
    } catch {
      // Closed.
    }
  }

  async #serve(peer: Peer, conn: Deno.Conn, behaviour: Behaviour): Promise<void> {
    const splitter = new LineSplitter();
    const buffer = new Uint8Array(65_536);
    try {
      await behaviour.greet?.(peer);
      for (let n: number | null; (n = await conn.read(buffer)) !== null;) {
        this.bytes += n;
        for (const { text, delimited } of splitter.push(buffer.subarray(0, n))) {
          let message: unknown = text;
          try {
            message = JSON.parse(text);
          } catch {
            // It stays text.
          }
          this.received.push(message);
          await behaviour.answer?.(peer, message, delimited);
        }
      }
    } catch {
      // The client is gone.
    }
    peer.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const peer of this.#peers) peer.close();
    await Promise.all(this.#serving);
    await Deno.remove(this.#directory, { recursive: true });
  }
}
