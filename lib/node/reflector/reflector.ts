import { Buffer } from "node:buffer";
import dgram from "node:dgram";
import { z } from "zod";
import { NetyardError } from "../../../native/error.ts";
import { parseIp } from "../../address/mod.ts";
import type { Host } from "../process/host.ts";
import { released } from "./released.ts";
import { formatSocketAddress, type SocketAddress } from "./socket_address.ts";
import type { Schema } from "../../options/schema.ts";

/**
 * A server that tells each caller how it looks from there: it answers every
 * datagram, and every TCP connection, with the `ip:port` that it saw, as a STUN
 * server would (RFC 8489).
 */
export interface Reflector extends AsyncDisposable {
  /** Where it listens. */
  readonly address: SocketAddress;
  /** Stops answering and frees the port. Calling it again does nothing. */
  close(): Promise<void>;
}

export const reflectorOptions: Schema<Partial<SocketAddress>> = z.strictObject({
  ip: z.string().optional(),
  port: z.number().optional(),
});

/** A UDP socket, and its address once it is bound. */
export interface UdpSocket {
  socket: dgram.Socket;
  bound: Promise<SocketAddress>;
}

/** Refuses what is no address, before anything is made. */
export function checkAddress({ ip, port }: SocketAddress, what: string): { family: 4 | 6 } {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new NetyardError(`${what}: ${port} is no port; it is an integer from 0 to 65535`);
  }
  return { family: parseIp(ip).family };
}

/**
 * Makes a UDP socket on this thread, inside the namespace: it stays there.
 *
 * @param dual Whether `::` is for IPv4 as well.
 */
export function udpSocket(
  host: Host,
  wanted: SocketAddress,
  what: string,
  dual = false,
): UdpSocket {
  const { family } = checkAddress(wanted, what);
  // An address needs no lookup, and one that answers at once lets bind() finish inside.
  const lookup = (ip: string, _: unknown, done: (e: null, ip: string, family: number) => void) =>
    done(null, ip, family);
  return host.namespace.enter(() => {
    const socket = dgram.createSocket(
      { type: `udp${family}`, ipv6Only: family === 6 && !dual, lookup } as dgram.SocketOptions,
    );
    const { promise: bound, resolve, reject } = Promise.withResolvers<SocketAddress>();
    socket.once("listening", () => {
      const { address, port } = socket.address();
      resolve({ ip: address, port });
    });
    const fail = (cause: Error) => {
      socket.close();
      reject(
        new NetyardError(
          `${what}: cannot bind UDP: ${cause.message}; is the address its own, and the port free?`,
          { cause },
        ),
      );
    };
    socket.once("error", fail);
    bound.then(() => socket.off("error", fail), () => {});
    socket.bind(wanted.port, wanted.ip);
    return { socket, bound };
  });
}

/** Resolves when the socket is closed; its port is free once {@link released} says so. */
export function closeUdp({ socket }: UdpSocket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}

/** Starts a reflector on UDP and TCP of the same port. */
export async function startReflector(host: Host, wanted: SocketAddress): Promise<Reflector> {
  const what = `${host.name}: spawnReflector(${formatSocketAddress(wanted)})`;
  // A free UDP port may be taken for TCP: with port 0, try a few.
  for (let attempt = 0;; attempt++) {
    const udp = udpSocket(host, wanted, what, true); // as a TCP listener is
    const address = await udp.bound;
    let tcp: Deno.Listener;
    try {
      tcp = host.namespace.enter(() => Deno.listen({ hostname: wanted.ip, port: address.port }));
    } catch (error) {
      await closeUdp(udp);
      if (wanted.port === 0 && attempt < 8) continue;
      throw new NetyardError(`${what}: cannot listen on TCP: ${(error as Error).message}`, {
        cause: error,
      });
    }
    return serve(host, udp, tcp, { ip: wanted.ip, port: address.port });
  }
}

function serve(
  host: Host,
  udp: UdpSocket,
  tcp: Deno.Listener,
  address: SocketAddress,
): Reflector {
  udp.socket.on("message", (_data, from) => {
    const text = seenText(from.address, from.port);
    udp.socket.send(Buffer.from(text), from.port, from.address, () => {});
  });
  udp.socket.on("error", () => {}); // A caller that is gone.
  const open = new Set<Deno.TcpConn>();
  const serving = answerConnections(tcp as Deno.TcpListener, open);
  let closed: Promise<void> | undefined;
  const close = () =>
    closed ??= (async () => {
      tcp.close();
      for (const connection of open) closeQuietly(connection);
      await Promise.all([closeUdp(udp), serving]);
      await Promise.all([released(host, "tcp", address), released(host, "udp", address)]);
    })();
  return { address, close, [Symbol.asyncDispose]: close };
}

/** How a caller is told its address: one of IPv4 as such, by whichever socket it came. */
function seenText(ip: string, port: number): string {
  return formatSocketAddress({ ip: ip.replace(/^::ffff:(?=\d+\.)/i, ""), port });
}

/** Ends when the listener and every connection are closed. */
async function answerConnections(
  listener: Deno.TcpListener,
  open: Set<Deno.TcpConn>,
): Promise<void> {
  const answers = new Set<Promise<void>>();
  try {
    for await (const connection of listener) {
      open.add(connection);
      const answered = answer(connection).finally(() => {
        if (open.delete(connection)) closeQuietly(connection);
        answers.delete(answered);
      });
      answers.add(answered);
    }
  } catch {
    // The listener was closed.
  }
  await Promise.all(answers);
}

async function answer(connection: Deno.TcpConn): Promise<void> {
  const { hostname, port } = connection.remoteAddr;
  try {
    await connection.write(new TextEncoder().encode(seenText(hostname, port)));
    await connection.closeWrite();
    // Closed with something unread, it would be reset, and the answer lost (RFC 1122, 4.2.2.13).
    const rest = new Uint8Array(1024);
    while (await connection.read(rest) !== null);
  } catch {
    // The caller is gone, or the reflector was closed.
  }
}

function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It was closed meanwhile.
  }
}
