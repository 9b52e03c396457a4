import type { Host } from "../node/process/host.ts";
import { closeUdp, udpSocket } from "../node/reflector/reflector.ts";
import { readFramed, writeFramed } from "./stream.ts";

const PORT = 53;
/** Shorter than the timeout of resolvers (resolv.conf(5): 2 s in a lab), so that they get the failure. */
const PATIENCE_MS = 1_800;
const TRY_AGAIN_MS = 600;

/** Forwards queries to another name server, from inside a node. */
export class Forwarder {
  #host: Host;
  #cancel = new Set<() => void>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Returns the answer of a server to a query, as bytes; undefined if none arrives in time. */
  ask(server: string, query: Uint8Array, by: "udp" | "tcp"): Promise<Uint8Array | undefined> {
    return by === "udp" ? this.#byUdp(server, query) : this.#byTcp(server, query);
  }

  /** Cancels all pending queries. */
  close(): void {
    for (const cancel of this.#cancel) cancel();
  }

  async #byUdp(server: string, query: Uint8Array): Promise<Uint8Array | undefined> {
    const any = server.includes(":") ? "::" : "0.0.0.0";
    const udp = udpSocket(this.#host, { ip: any, port: 0 }, "DNS64");
    const { socket } = udp;
    try {
      await udp.bound;
    } catch {
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
    const ask = () => socket.send(query, PORT, server, () => {});
    socket.on("message", (data, from) => {
      const isAnswer = from.port === PORT && data[0] === query[0] && data[1] === query[1];
      if (isAnswer) resolve(data);
    });
    socket.on("error", () => {}); // Unreachable for now; the next try may succeed.
    const again = setInterval(ask, TRY_AGAIN_MS);
    ask();
    const answer = await this.#inTime(promise, () => resolve(undefined));
    clearInterval(again);
    await closeUdp(udp);
    return answer;
  }

  async #byTcp(server: string, query: Uint8Array): Promise<Uint8Array | undefined> {
    const cancel = new AbortController();
    let connection: Deno.TcpConn | undefined;
    const close = () => {
      cancel.abort();
      try {
        connection?.close();
      } catch {
        // Already closed.
      }
    };
    const conversation = (async () => {
      const { signal } = cancel;
      connection = await this.#host.namespace.enter(() =>
        Deno.connect({ hostname: server, port: PORT, signal })
      );
      await writeFramed(connection, query);
      return await readFramed(connection);
    })().catch(() => undefined);
    const answer = await this.#inTime(conversation, close);
    close();
    return answer;
  }

  async #inTime<T>(work: Promise<T>, cancel: () => void): Promise<T> {
    this.#cancel.add(cancel);
    const timer = setTimeout(cancel, PATIENCE_MS);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      this.#cancel.delete(cancel);
    }
  }
}
