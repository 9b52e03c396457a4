/** Shared by the tests of link conditions: traffic, and observers of it. */
import dgram from "node:dgram";
import { assert } from "@std/assert";
import {
  type Device,
  type DeviceOptions,
  type InterfaceOptions,
  Lab,
  type LinkEngineKind,
  type Node,
  type Router,
} from "@netyard/netyard";
import { sh } from "../lab/kit.ts";

/** The time that a busy host may add to the shortest of several round trips, in milliseconds. */
export const SLACK_MS = 10;
/** How long a host may be too busy for any such round trip. */
const BUSY_MS = 10_000;

/** ix -- r(d) */
export class Link implements AsyncDisposable {
  private constructor(readonly lab: Lab, readonly router: Router, readonly device: Device) {}

  static async create(
    linkEngine: LinkEngineKind,
    condition?: InterfaceOptions["condition"],
    seed = 1,
  ): Promise<Link> {
    const lab = await Lab.create({ linkEngine, seed });
    const router = await lab.addRouter("r");
    return new Link(lab, router, await lab.addDevice("d", at(router, condition)));
  }

  get eth0() {
    return this.device.interface("eth0");
  }

  /** The address of the router on the link. */
  get gateway(): string {
    return this.router.downstreamGateway!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}

/** The options of a device with one interface. */
export const at = (
  gateway: Router | string,
  condition?: InterfaceOptions["condition"],
): DeviceOptions => ({ interfaces: { eth0: { gateway, ...condition && { condition } } } });

/** The result of a series of pings. */
export interface Pings {
  sent: number;
  received: number;
  minMs: number;
}

/** Sends a few pings. */
export async function ping(from: Node, to: string, ...options: string[]): Promise<Pings> {
  const args = ["-n", "-q", "-c", "4", "-i", "0.005", "-W", "1", ...options, to];
  const { stdout } = await from.command("ping", { args }).output();
  const text = new TextDecoder().decode(stdout);
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(text) ?? [];
  const [, least] = /= ([\d.]+)\//.exec(text) ?? [];
  return { sent: Number(sent), received: Number(received), minMs: Number(least ?? NaN) };
}

/**
 * Checks the shortest of a few round trips; jitter allows `widthMs` more. Delays of the host come in
 * bursts, so it repeats the measurement before it fails. A round trip that is too short is measured
 * once more: ping reads the wall clock, which the host may set.
 */
export async function takes(ms: number, from: Node, to: string, widthMs = 0): Promise<void> {
  const found: number[] = [];
  const end = performance.now() + BUSY_MS;
  let short = 0;
  do {
    const { minMs } = await ping(from, to);
    found.push(minMs);
    if (minMs >= ms - 0.05 && minMs < ms + widthMs + SLACK_MS) return;
    if (minMs < ms) short++;
  } while (short < 2 && (found.length < 4 || performance.now() < end));
  throw new Error(`${from.name} -> ${to}: ${found.join(", ")} ms, not ${ms}`);
}

/** The destination port of floods. */
export const PORT = 4711;

/** Counts the datagrams that arrive for {@link PORT} of a node, also those that find the socket full. */
export function counting(node: Node): () => number {
  sh(
    node,
    `nft 'table inet probe { counter came { }; chain in {
      type filter hook input priority -200; udp dport ${PORT} counter name came drop; }; }'`,
  );
  return () => {
    const { nftables } = JSON.parse(sh(node, "nft -j list counter inet probe came"));
    return nftables.find((one: { counter?: unknown }) => one.counter).counter.packets;
  };
}

/** A socket at {@link PORT} of a node, on this thread, that records the numbers of datagrams. */
export function receiving(node: Node, ip: string) {
  const numbers: number[] = [];
  // Completes synchronously, so that bind() is done before runSync() leaves the node.
  const lookup = (host: string, _: unknown, done: (e: null, ip: string, family: number) => void) =>
    done(null, host, 4);
  const socket = node.runSync(() => {
    const made = dgram.createSocket({ type: "udp4", lookup } as dgram.SocketOptions);
    made.bind(PORT, ip);
    return made;
  });
  socket.on("message", (data) => numbers.push(data.readUInt32BE(0)));
  const close = () => new Promise<void>((done) => socket.close(() => done()));
  return { numbers, [Symbol.asyncDispose]: close };
}

/** Options of a flood. */
export interface FloodOptions {
  count: number;
  bytes?: number;
  /** The number of the first datagram. Default 0. */
  first?: number;
  /** The number of datagrams between two turns of the event loop. */
  burst?: number;
  /** The most datagrams in a second. Default: no limit. */
  perSecond?: number;
  /** Whether the n-th datagram goes to the n-th port from {@link PORT} on. */
  manyPorts?: boolean;
}

/** Sends datagrams from a node's own thread. Each begins with its number. */
export function flood(from: Node, to: string, options: FloodOptions): Promise<void> {
  return from.run(send, to, PORT, options);
}

async function send(to: string, port: number, options: FloodOptions): Promise<void> {
  const { count, first = 0, bytes = 100, burst = 500 } = options;
  const { perSecond = Infinity, manyPorts = false } = options;
  const { createSocket } = await import("node:dgram");
  const socket = createSocket(to.includes(":") ? "udp6" : "udp4");
  await new Promise<void>((bound, failed) => socket.once("error", failed).bind(0, bound));
  const start = performance.now();
  for (let n = 0; n < count;) {
    const due = (performance.now() - start) / 1000 * perSecond + 1;
    const sending: Promise<void>[] = [];
    for (let k = 0; k < burst && n < count && n < due; k++, n++) {
      const data = new Uint8Array(bytes);
      new DataView(data.buffer).setUint32(0, first + n);
      const at = manyPorts ? port + n : port;
      sending.push(
        new Promise((sent, failed) =>
          socket.send(data, at, to, (error) => error ? failed(error) : sent())
        ),
      );
    }
    await Promise.all(sending);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  socket.close();
}

/**
 * The range of the number of packets, of `n`, to which an effect with a share happens: exceeded once in a
 * hundred runs if the seed fixes the draws, and once in a thousand otherwise.
 */
export function band(engine: LinkEngineKind, n: number, share: number): [number, number] {
  const width = (engine === "emulator" ? 2.576 : 3.291) * Math.sqrt(n * share * (1 - share));
  return [Math.floor(n * share - width), Math.ceil(n * share + width)];
}

/** Checks that a number is in a range. */
export function assertIn(value: number, [low, high]: [number, number], what: string): void {
  assert(value >= low && value <= high, `${what}: ${value}, not from ${low} to ${high}`);
}
