import type { Device, SocketAddress } from "@netyard/netyard";

type Socket = import("node:net").Socket;

const TIMEOUT_MS = 8000;

let made = 0;

/** A TCP connection from a chosen port, which stays open until it is told how to end. */
export class HeldTcp implements Disposable {
  #from: Device;
  #id: number;
  #far: Deno.Conn;

  private constructor(from: Device, id: number, far: Deno.Conn) {
    this.#from = from;
    this.#id = id;
    this.#far = far;
  }

  /** Connects; the socket is on the thread of the device, the other end on this one. */
  static async open(
    from: Device,
    port: number,
    listener: Deno.Listener,
    to: SocketAddress,
  ): Promise<HeldTcp> {
    const id = made++;
    const accepted = listener.accept();
    accepted.catch(() => {});
    await from.run(
      async (id, port, { ip, port: remotePort }, timeoutMs) => {
        const net = await import("node:net");
        const socket = net.connect({ host: ip, port: remotePort, localPort: port });
        await new Promise((resolve, reject) => {
          const late = () => reject(new Error(`${ip}:${remotePort} does not answer`));
          const timer = setTimeout(late, timeoutMs);
          socket.once("connect", () => resolve(clearTimeout(timer)));
          socket.once("error", reject);
        }).catch((error) => {
          socket.destroy();
          throw error;
        });
        socket.on("error", () => {});
        socket.resume(); // Or it would not notice that the other end closes.
        Object.assign(globalThis, { [`held${id}`]: socket });
      },
      id,
      port,
      to,
      TIMEOUT_MS,
    ).catch((error) => {
      listener.close(); // Or the other end would be waited for.
      throw error;
    });
    return new HeldTcp(from, id, await accepted);
  }

  /** How the connection looks from the other end. */
  get seen(): SocketAddress {
    const { hostname: ip, port } = this.#far.remoteAddr as Deno.NetAddr;
    return { ip, port };
  }

  /** Ends the connection, and resolves once both ends know. */
  async end(how: "FIN" | "RST"): Promise<void> {
    const read = this.#far.read(new Uint8Array(1)).catch((error: Error) => error.name);
    const ended = this.#from.run(
      async (id, how) => {
        const socket = (globalThis as unknown as Record<string, Socket>)[`held${id}`];
        const closed = new Promise((resolve) => socket.once("close", resolve));
        if (how === "FIN") socket.end();
        else socket.resetAndDestroy();
        await closed;
      },
      this.#id,
      how,
    );
    const got = await read;
    const wanted = how === "FIN" ? null : "ConnectionReset";
    if (got !== wanted) throw new Error(`the connection ended with ${got}, not ${wanted}`);
    this.#far.close();
    await ended;
  }

  [Symbol.dispose](): void {
    try {
      this.#far.close();
    } catch {
      // It was ended.
    }
  }
}
