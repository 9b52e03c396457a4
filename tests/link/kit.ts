/** What the tests of link conditions share: traffic, and outsiders that watch it. */
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

/** What a busy host may add to a round trip: the least of several is asked for. */
export const SLACK_MS = 10;
/** How long a host may be too busy for any round trip to be within that. */
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

/** What a series of pings came to. */
export interface Pings {
  sent: number;
  received: number;
  minMs: number;
}

/** Pings a few times. */
export async function ping(from: Node, to: string, ...options: string[]): Promise<Pings> {
  const args = ["-n", "-q", "-c", "4", "-i", "0.005", "-W", "1", ...options, to];
  const { stdout } = await from.command("ping", { args }).output();
  const text = new TextDecoder().decode(stdout);
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(text) ?? [];
  const [, least] = /= ([\d.]+)\//.exec(text) ?? [];
  return { sent: Number(sent), received: Number(received), minMs: Number(least ?? NaN) };
}

/**
 * Checks that the least of a few round trips takes so long; `widthMs` more for jitter. What the host
 * adds comes in bursts, so that it asks again before it calls it too long.
 */
export async function takes(ms: number, from: Node, to: string, widthMs = 0): Promise<void> {
  const found: number[] = [];
  const end = performance.now() + BUSY_MS;
  do {
    const { minMs } = await ping(from, to);
    found.push(minMs);
    if (minMs >= ms - 0.05 && minMs < ms + widthMs + SLACK_MS) return;
  } while ((found.length < 4 || performance.now() < end) && !(found.at(-1)! < ms));
  throw new Error(`${from.name} -> ${to}: ${found.join(", ")} ms, not ${ms}`);
}

/** Where floods go. */
export const PORT = 4711;

/** Counts the datagrams that come to {@link PORT} of a node, whether a socket has room for them or not. */
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

/** A socket at {@link PORT} of a node, on this thread, that keeps the numbers of what comes. */
export function receiving(node: Node, ip: string) {
  const numbers: number[] = [];
  // Answered at once, so that bind() is done before runSync() leaves the node.
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

/** How a flood is sent. */
export interface FloodOptions {
  count: number;
  bytes?: number;
  /** The number of the first. Default 0. */
  first?: number;
  /** So many at once, and then a look at whatever else is to be done. */
  burst?: number;
  /** At most so many in a second. Default: no limit. */
  perSecond?: number;
  /** Whether the n-th goes to the n-th port from {@link PORT} on. */
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
  await new Promise<void>((bound) => socket.bind(0, bound));
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
 * How many of `n` something that has a share may happen to, at the most unlikely: but once in a
 * hundred times where what is drawn is the same each time, and once in a thousand elsewhere.
 */
export function band(engine: LinkEngineKind, n: number, share: number): [number, number] {
  const width = (engine === "emulator" ? 2.576 : 3.291) * Math.sqrt(n * share * (1 - share));
  return [Math.floor(n * share - width), Math.ceil(n * share + width)];
}

/** Checks that a number is in a band. */
export function assertIn(value: number, [low, high]: [number, number], what: string): void {
  assert(value >= low && value <= high, `${what}: ${value}, not from ${low} to ${high}`);
}
