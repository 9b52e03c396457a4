import { Buffer } from "node:buffer";
import dgram from "node:dgram";
import { NetyardError } from "../../native/error.ts";
import { DeadlineError } from "./errors.ts";
import type { Host } from "./host.ts";

/** An IP address and a port. */
export interface SocketAddress {
  ip: string;
  port: number;
}

/**
 * A server that tells each caller how it looks from there: it answers every
 * datagram, and every TCP connection, with the `ip:port` that it saw, as a STUN
 * server would (RFC 8489).
 */
export interface Reflector extends AsyncDisposable {
  readonly address: SocketAddress;
  /** Stops answering and frees the port. Calling it again does nothing. */
  close(): Promise<void>;
}

/** `1.2.3.4:5` or `[2001:db8::1]:5`. */
export function formatSocketAddress({ ip, port }: SocketAddress): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** Reads what {@link formatSocketAddress} wrote. */
export function parseSocketAddress(text: string): SocketAddress {
  const match = /^\[?([0-9a-fA-F.:]+?)\]?:(\d+)$/.exec(text.trim());
  if (!match) throw new NetyardError(`"${text}" is not ip:port, as a reflector answers`);
  return { ip: match[1], port: Number(match[2]) };
}

/** Binds at once, on this thread, inside the namespace: the socket stays there. */
function udpSocket(host: Host, address: SocketAddress): dgram.Socket {
  return host.namespace.enter(() => {
    const family = address.ip.includes(":") ? 6 : 4;
    const socket = dgram.createSocket({
      type: family === 6 ? "udp6" : "udp4",
      ipv6Only: family === 6,
      // An address needs no lookup, and one that answers at once lets bind() finish inside.
      lookup: (name: string, _options: unknown, done: (e: null, ip: string, f: number) => void) =>
        done(null, name, family),
    } as dgram.SocketOptions);
    socket.bind(address.port, address.ip);
    return socket;
  });
}

function bound(socket: dgram.Socket, what: string): Promise<SocketAddress> {
  const { promise, resolve, reject } = Promise.withResolvers<SocketAddress>();
  const done = () => {
    const { address, port } = socket.address();
    resolve({ ip: address, port });
  };
  socket.once("listening", done);
  socket.once("error", (error) =>
    reject(
      new NetyardError(`${what}: cannot bind UDP: ${error.message}; is the port free there?`, {
        cause: error,
      }),
    ));
  return promise;
}

/** Starts a reflector on UDP and TCP of the same port. */
export async function startReflector(host: Host, wanted: SocketAddress): Promise<Reflector> {
  const what = `${host.name}: spawnReflector(${formatSocketAddress(wanted)})`;
  // A free UDP port may be taken for TCP: with port 0, try a few.
  for (let attempt = 0;; attempt++) {
    const udp = udpSocket(host, wanted);
    const address = await bound(udp, what);
    let tcp: Deno.Listener;
    try {
      tcp = host.namespace.enter(() => Deno.listen({ hostname: wanted.ip, port: address.port }));
    } catch (error) {
      await new Promise<void>((resolve) => udp.close(() => resolve()));
      if (wanted.port === 0 && attempt < 8) continue;
      throw new NetyardError(`${what}: cannot listen on TCP: ${(error as Error).message}`, {
        cause: error,
      });
    }
    return serve(udp, tcp, { ip: wanted.ip, port: address.port });
  }
}

function serve(udp: dgram.Socket, tcp: Deno.Listener, address: SocketAddress): Reflector {
  udp.on("message", (_data, from) => {
    const text = formatSocketAddress({ ip: from.address, port: from.port });
    udp.send(Buffer.from(text), from.port, from.address, () => {});
  });
  udp.on("error", () => {});
  const serving = answerConnections(tcp as Deno.TcpListener);
  let closed: Promise<void> | undefined;
  const close = () =>
    closed ??= (async () => {
      tcp.close();
      await Promise.all([new Promise<void>((resolve) => udp.close(() => resolve())), serving]);
    })();
  return { address, close, [Symbol.asyncDispose]: close };
}

async function answerConnections(listener: Deno.TcpListener): Promise<void> {
  try {
    for await (const connection of listener) {
      const { hostname, port } = connection.remoteAddr;
      const text = formatSocketAddress({ ip: hostname, port });
      connection.write(new TextEncoder().encode(text))
        .catch(() => {})
        .finally(() => connection.close());
    }
  } catch {
    // The listener was closed.
  }
}

/** How {@link probeUdp} asks. */
export interface ProbeOptions {
  /** The local port to send from. Default 0: any free one. */
  port?: number;
  /** How long to wait in all, in milliseconds. Default 3000. */
  timeoutMs?: number;
}

/** Asks a reflector by UDP how this node looks from there; sends again every 200 ms. */
export async function probeUdp(
  host: Host,
  reflector: SocketAddress,
  { port = 0, timeoutMs = 3000 }: ProbeOptions = {},
): Promise<SocketAddress> {
  const any = reflector.ip.includes(":") ? "::" : "0.0.0.0";
  const what = `${host.name}: probeUdpMapping(${formatSocketAddress(reflector)})`;
  const socket = udpSocket(host, { ip: any, port });
  try {
    await bound(socket, what);
    const { promise, resolve, reject } = Promise.withResolvers<SocketAddress>();
    const ask = () => socket.send(Buffer.from("?"), reflector.port, reflector.ip, () => {});
    socket.on("message", (data) => resolve(parseSocketAddress(data.toString())));
    socket.on("error", () => {}); // Unreachable for now: the next try may do better.
    const again = setInterval(ask, 200);
    const deadline = setTimeout(
      () => reject(new DeadlineError(`${what}: no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      ask();
      return await promise;
    } finally {
      clearInterval(again);
      clearTimeout(deadline);
    }
  } finally {
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }
}
