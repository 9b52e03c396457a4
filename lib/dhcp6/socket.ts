import { Buffer } from "node:buffer";
import dgram from "node:dgram";
import { ALL_SERVERS } from "./mod.ts";

/** Runs a function inside a network namespace. */
export type Enter = <T>(fn: () => T) => T;

/** What comes at a socket: the datagram, and who sent it. */
export type Received = (bytes: Uint8Array, from: { ip: string; port: number }) => void;

/**
 * A UDP socket of one of the ports of DHCPv6 in a network namespace. It belongs to this thread's event
 * loop and does not keep the process alive by itself.
 */
export class Dhcp6Socket {
  #socket: dgram.Socket;
  #enter: Enter;
  /** By their indices. */
  #joined = new Set<number>();
  #failed: Error | undefined;
  #closed: Promise<void> | undefined;

  /** `failed` is called at most once, when the port is somebody else's. */
  constructor(enter: Enter, port: number, received: Received, failed: (error: Error) => void) {
    this.#enter = enter;
    // Answered at once, so that bind() is done before the thread leaves the namespace.
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

  /** Hears what is sent to all servers on a link, from now on. Twice is as once. */
  join({ name, index }: { name: string; index: number }): void {
    if (this.#joined.has(index)) return;
    // Deno takes a number for no link in particular, and looks a name up on this thread.
    this.#enter(() => this.#socket.addMembership(ALL_SERVERS, `::%${name}`));
    this.#joined.add(index);
  }

  /** Forgets a link that is gone. */
  leave(link: number): void {
    // The kernel forgot it with the link.
    this.#joined.delete(link);
  }

  /** The links that it hears. */
  get links(): ReadonlySet<number> {
    return this.#joined;
  }

  /** Sends a datagram by a link to an address on it. Like on any network, it may be lost. */
  send(bytes: Uint8Array, link: number, ip: string, port: number): void {
    // A link that is down or gone is no error: it is as if the cable had been pulled.
    this.#socket.send(Buffer.from(bytes), port, `${ip}%${link}`, () => {});
  }

  close(): Promise<void> {
    return this.#closed ??= new Promise((done) => this.#socket.close(() => done()));
  }
}
