import { Buffer } from "node:buffer";
import { z } from "zod";
import { NetyardError } from "../../../native/error.ts";
import { parseOptions } from "../../options/parse_options.ts";
import { DeadlineError } from "../process/errors.ts";
import type { Host } from "../process/host.ts";
import { checkAddress, closeUdp, udpSocket } from "./reflector.ts";
import { released } from "./released.ts";
import { formatSocketAddress, parseSocketAddress, type SocketAddress } from "./socket_address.ts";
import type { Schema } from "../../options/schema.ts";

/** How a reflector is asked. */
export interface ProbeOptions {
  /** The local UDP port to send from. Default 0: any free one. */
  port?: number;
  /** How long to wait in all, in milliseconds. Default 3000. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 3000;

const target: Schema<SocketAddress> = z.object({ ip: z.string(), port: z.number() });
const timeoutMs = z.number().min(0).optional();
const tcpOptions = z.strictObject({ timeoutMs });
const udpOptions = z.strictObject({ port: z.number().optional(), timeoutMs });

/** Asks a reflector by UDP how this node looks from there; sends again every 200 ms. */
export async function probeUdp(
  host: Host,
  reflector: SocketAddress,
  options: ProbeOptions,
): Promise<SocketAddress> {
  parseOptions(target, reflector, `${host.name}: probeUdpMapping()`);
  const what = `${host.name}: probeUdpMapping(${formatSocketAddress(reflector)})`;
  const { port = 0, timeoutMs = TIMEOUT_MS } = parseOptions(udpOptions, options, what);
  const any = checkAddress(reflector, what).family === 6 ? "::" : "0.0.0.0";
  const udp = udpSocket(host, { ip: any, port }, what);
  const { socket } = udp;
  await udp.bound;
  try {
    const { promise, resolve, reject } = Promise.withResolvers<SocketAddress>();
    const ask = () => socket.send(Buffer.from("?"), reflector.port, reflector.ip, () => {});
    socket.on("message", (data, from) => {
      if (from.port !== reflector.port) return; // Somebody else.
      try {
        resolve(parseSocketAddress(data.toString()));
      } catch (error) {
        reject(error);
      }
    });
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
    await closeUdp(udp);
    // The caller binds a port of its choice next.
    if (port > 0) await released(host, "udp", { ip: any, port });
  }
}

/** Asks a reflector by TCP how this node looks from there. */
export async function probeTcp(
  host: Host,
  reflector: SocketAddress,
  options: Pick<ProbeOptions, "timeoutMs">,
): Promise<SocketAddress> {
  parseOptions(target, reflector, `${host.name}: probeTcpMapping()`);
  const what = `${host.name}: probeTcpMapping(${formatSocketAddress(reflector)})`;
  const { timeoutMs = TIMEOUT_MS } = parseOptions(tcpOptions, options, what);
  checkAddress(reflector, what);
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  const { ip: hostname, port } = reflector;
  const { signal } = deadline;
  let connection: Deno.TcpConn | undefined;
  try {
    connection = await host.namespace.enter(() => Deno.connect({ hostname, port, signal }));
    signal.addEventListener("abort", () => connection?.close());
    return parseSocketAddress(await new Response(connection.readable).text());
  } catch (cause) {
    if (signal.aborted) throw new DeadlineError(`${what}: no answer within ${timeoutMs} ms`);
    throw new NetyardError(`${what}: ${(cause as Error).message}`, { cause });
  } finally {
    clearTimeout(timer);
    try {
      connection?.close();
    } catch {
      // Its end was read, or the deadline closed it.
    }
  }
}
