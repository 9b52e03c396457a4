import dgram from "node:dgram";
import type { Node, Reflector, SocketAddress } from "@netyard/netyard";

/** A datagram that arrived. */
export interface Datagram {
  text: string;
  from: SocketAddress;
}

/**
 * A UDP socket inside a node, used from this thread: it sends from a chosen
 * port and keeps what arrives until it is asked for, in the order of arrival.
 */
export class Udp implements AsyncDisposable {
  readonly port: number;
  #socket: dgram.Socket;
  #arrived: Datagram[] = [];
  #waiting: (() => void) | undefined;

  private constructor(socket: dgram.Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on("message", (data, { address, port }) => {
      this.#arrived.push({ text: data.toString(), from: { ip: address, port } });
      this.#waiting?.();
    });
    socket.on("error", () => {}); // ICMP that answers an earlier datagram.
  }

  /** Binds a port of a node, by default any, on all of its addresses of a family. */
  static async open(node: Node, port = 0, ip = "0.0.0.0"): Promise<Udp> {
    const deadline = performance.now() + 2000;
    for (;;) {
      try {
        return new Udp(await bind(node, port, ip));
      } catch (error) {
        // Deno frees the port of a socket that was closed a moment after it said so.
        const busy = (error as { code?: string }).code === "EADDRINUSE";
        if (!busy || performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  /** Sends one datagram. */
  send(text: string, to: SocketAddress): Promise<void> {
    return new Promise((resolve) => this.#socket.send(text, to.port, to.ip, () => resolve()));
  }

  /**
   * The oldest datagram that was not asked for yet; undefined if none comes within the time.
   * One call at a time.
   */
  async next(timeoutMs = 5000): Promise<Datagram | undefined> {
    if (this.#arrived.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting = resolve;
      const timer = setTimeout(resolve, timeoutMs);
      await promise;
      clearTimeout(timer);
      this.#waiting = undefined;
    }
    return this.#arrived.shift();
  }

  /** Asks a reflector how this socket looks from there; what else arrives meanwhile is dropped. */
  async seenBy({ address }: Reflector): Promise<SocketAddress> {
    await this.send("?", address);
    for (;;) {
      const answer = await this.next();
      if (!answer) throw new Error(`no answer from the reflector at ${address.ip}`);
      if (answer.from.ip !== address.ip || answer.from.port !== address.port) continue;
      const colon = answer.text.lastIndexOf(":");
      return {
        ip: answer.text.slice(0, colon).replace(/^\[|\]$/g, ""),
        port: Number(answer.text.slice(colon + 1)),
      };
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}

/**
 * The texts that reach `at` until `marker` does: `before` sends what is in
 * question, then `marker` is sent by a way that is known to be open. What came
 * neither before the marker nor within a moment after it was dropped.
 */
export async function arrivals(
  at: Udp,
  before: () => Promise<void>,
  marker: () => Promise<void>,
): Promise<string[]> {
  await before();
  await marker();
  const texts: string[] = [];
  for (let wait = 5000;; wait = 100) {
    const datagram = await at.next(wait);
    if (!datagram) return texts;
    texts.push(datagram.text);
  }
}

async function bind(node: Node, port: number, ip: string): Promise<dgram.Socket> {
  const family = ip.includes(":") ? 6 : 4;
  // Without a lookup to wait for, bind() is done before runSync() leaves the node.
  const lookup = (ip: string, _: unknown, done: (e: null, ip: string, f: number) => void) =>
    done(null, ip, family);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = node.runSync(() => {
    const socket = dgram.createSocket(
      { type: `udp${family}`, ipv6Only: family === 6, lookup } as dgram.SocketOptions,
    );
    socket.once("listening", () => resolve());
    socket.once("error", reject);
    socket.bind(port, ip);
    return socket;
  });
  await promise;
  return socket;
}
