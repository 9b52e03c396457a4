import { Buffer } from "node:buffer";
import dgram from "node:dgram";
import { ALL_SERVERS } from "./mod.ts";

/** Runs a function inside a network namespace. */
export type Enter = <T>(fn: () => T) => T;

/** Receives a datagram and its source. */
export type Received = (bytes: Uint8Array, from: { ip: string; port: number }) => void;

/**
 * A UDP socket on a DHCPv6 port in a network namespace. It belongs to the event loop of this thread and
 * does not keep the process alive.
 */
export class Dhcp6Socket {
  #socket: dgram.Socket;
  #enter: Enter;
  /** The indexes of the links on which it receives. */
  #joined = new Set<number>();
  #failed: Error | undefined;
  #closed: Promise<void> | undefined;

  /** Calls `failed` at most once, if the port is in use. */
  constructor(enter: Enter, port: number, received: Received, failed: (error: Error) => void) {
    this.#enter = enter;
    // Answers synchronously, so that bind() is done before the thread leaves the namespace.
    const lookup = (ip: string, _: unknown, done: (e: null, ip: string, family: number) => void) =>
      done(null, ip, 6);
    this.#socket = enter(() => {
      const socket = dgram.createSocket(
        { type: "udp6", ipv6Only: true, lookup } as dgram.SocketOptions,
      );
      socket.on("error", (error: Error) => {
        if (this.#failed || this.#closed) return;
        this.#failed = error;
        failed(error);
      });
      socket.on("message", (data, { address, port }) => received(data, { ip: address, port }));
      socket.bind(port, "::");
      return socket;
    });
    this.#socket.unref();
  }

  /** Joins the group of all servers on a link. Idempotent. */
  join({ name, index }: { name: string; index: number }): void {
    if (this.#joined.has(index)) return;
    // Deno ignores a link index here, and resolves a link name on this thread.
    this.#enter(() => this.#socket.addMembership(ALL_SERVERS, `::%${name}`));
    this.#joined.add(index);
  }

  /** Forgets a removed link. */
  leave(link: number): void {
    // The kernel left the group when the link was removed.
    this.#joined.delete(link);
  }

  /** The indexes of the links on which it receives. */
  get links(): ReadonlySet<number> {
    return this.#joined;
  }

  /** Sends a datagram on a link to an address there. It may be lost, as on any network. */
  send(bytes: Uint8Array, link: number, ip: string, port: number): void {
    // A link that is down or removed is no error: the datagram is lost, as with a pulled cable.
    this.#socket.send(Buffer.from(bytes), port, `${ip}%${link}`, () => {});
  }

  close(): Promise<void> {
    return this.#closed ??= new Promise((done) => this.#socket.close(() => done()));
  }
}
