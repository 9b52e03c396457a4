import { fast } from "../../native/fast.ts";
import { check, closeFd, libc } from "../../native/libc.ts";
import { Namespace } from "../../native/namespace.ts";
import { addAddress, addNeighbour } from "../../native/netlink/address.ts";
import {
  addVeth,
  dumpLinks,
  LOOPBACK,
  readLinkState,
  setLink,
  syncLink,
} from "../../native/netlink/link.ts";
import { addClsact } from "../../native/netlink/tc.ts";
import { ipBytes, macBytes } from "../../lib/address/mod.ts";
import { Emulator, type EmulatorError } from "../../lib/emulator/mod.ts";
import type { LinkEnd } from "../../lib/link/mod.ts";

const BROADCAST = new Uint8Array(6).fill(0xff);
const MACS = [macBytes("02:00:00:00:00:0a"), macBytes("02:00:00:00:00:0b")];

/** The address of the second namespace of a pair. */
export const FAR = "10.0.0.2";
export const NEAR = "10.0.0.1";

/**
 * Two namespaces joined by a veth pair, `e0` in both, 10.0.0.1 and 10.0.0.2, with neighbour entries for
 * each other.
 */
export class Pair implements Disposable {
  readonly a = Namespace.create();
  readonly b = Namespace.create();
  readonly up: LinkEnd;
  readonly down: LinkEnd;

  constructor({ mtu = 1500, name = "pair" }: { mtu?: number; name?: string } = {}) {
    const { a, b } = this;
    const [near, far] = MACS.map((mac) => ({ name: "e0", index: 20, mac, mtu }));
    a.rtnetlink((batch) => addVeth(batch, near, { ...far, namespaceFd: b.fd }));
    for (
      const [namespace, own, other, mac] of [[a, NEAR, FAR, MACS[1]], [
        b,
        FAR,
        NEAR,
        MACS[0],
      ]] as const
    ) {
      namespace.rtnetlink((batch) => {
        // Before the link is up: later this drops packets.
        addClsact(batch, 20);
        setLink(batch, LOOPBACK, { up: true });
        setLink(batch, 20, { up: true });
        addAddress(batch, 20, ipBytes(own), 24);
        addNeighbour(batch, 20, ipBytes(other), mac);
      });
    }
    // There is a carrier only when both are up.
    for (const namespace of [a, b]) namespace.rtnetlink((batch) => syncLink(batch, 20));
    this.up = { namespace: a, index: 20, name: "e0", label: `${name} (up)` };
    this.down = { namespace: b, index: 20, name: "e0", label: `${name} (down)` };
  }

  [Symbol.dispose](): void {
    this.a.close();
    this.b.close();
  }
}

/** An emulator that records its failures. */
export class TestEmulator extends Emulator implements AsyncDisposable {
  readonly failures: { error: EmulatorError; labels: string[] }[];
  readonly failed: Promise<void>;

  constructor() {
    const failures: { error: EmulatorError; labels: string[] }[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    super((error, labels) => {
      failures.push({ error, labels });
      resolve();
    });
    this.failures = failures;
    this.failed = promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const AF_PACKET = 17;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x80000;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_SNDBUFFORCE = 32;
const POLLIN = 1;
const SIOCGSTAMPNS = 0x8907n;
const CLOCK_REALTIME = 0;
/** The type for experiments (IEEE 802), which no other program sends. */
const TYPE = 0x88b5;
const HEADER = 14;

/** Sends and receives whole numbered frames at an end of a link, with synchronous calls. */
export class Frames implements Disposable {
  #fd: number;
  #out = new Uint8Array(70_000);
  #in = new Uint8Array(70_000);
  #time = new BigInt64Array(2);
  #sent = 0;

  constructor({ namespace, index }: LinkEnd) {
    this.#fd = check(
      namespace.enter(() => libc().socket(AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, 0)),
      "socket",
    );
    for (const option of [SO_RCVBUFFORCE, SO_SNDBUFFORCE]) {
      const size = new Uint8Array(new Int32Array([64 * 2 ** 20]).buffer);
      fast().setsockopt(this.#fd, SOL_SOCKET, option, size, 4); // Refused to root of a user namespace.
    }
    const address = new DataView(new ArrayBuffer(20));
    address.setUint16(0, AF_PACKET, true);
    address.setUint16(2, TYPE);
    address.setInt32(4, index, true);
    check(fast().bind(this.#fd, new Uint8Array(address.buffer), 20), "bind");
    this.#out.set(BROADCAST);
    new DataView(this.#out.buffer).setUint16(12, TYPE);
  }

  /** The number of sent frames. */
  get sent(): number {
    return this.#sent;
  }

  /** Sends the next frame. */
  send(bytes = 100): void {
    new DataView(this.#out.buffer).setUint32(HEADER, this.#sent++);
    this.sendRaw(this.#out.subarray(0, bytes));
  }

  /** Sends any frame. */
  sendRaw(frame: Uint8Array<ArrayBuffer>): void {
    check(libc().send(this.#fd, frame, BigInt(frame.length), 0), "send");
  }

  /** Receives a frame, valid until the next call; undefined if none arrives in time. */
  receive(timeoutMs = 0): Uint8Array | undefined {
    if (timeoutMs > 0) {
      const entry = new Int32Array([this.#fd, POLLIN]);
      libc().poll(new Uint8Array(entry.buffer), 1n, Math.ceil(timeoutMs));
    }
    const length = Number(libc().recv(this.#fd, this.#in, BigInt(this.#in.length), 0));
    return length > 0 ? this.#in.subarray(0, length) : undefined;
  }

  /** When the kernel received the last frame, in nanoseconds since the epoch. */
  stamp(): bigint {
    check(libc().ioctl(this.#fd, SIOCGSTAMPNS, new Uint8Array(this.#time.buffer)), "SIOCGSTAMPNS");
    return this.#time[0] * 1_000_000_000n + this.#time[1];
  }

  /** Receives a frame and returns its number; undefined if none arrives in time. */
  next(timeoutMs = 0): number | undefined {
    const frame = this.receive(timeoutMs);
    return frame && numberOf(frame);
  }

  /** Receives frames until none arrives for `quietMs`; returns their numbers. */
  all(quietMs = 0): number[] {
    const numbers: number[] = [];
    for (let n; (n = this.next(quietMs)) !== undefined;) numbers.push(n);
    return numbers;
  }

  [Symbol.dispose](): void {
    closeFd(this.#fd);
  }
}

/** The number of a frame of {@link Frames}. */
export function numberOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(HEADER);
}

/** The kernel's clock, in nanoseconds since the epoch. */
export function clock(): bigint {
  const time = new BigInt64Array(2);
  fast().clock_gettime(CLOCK_REALTIME, Deno.UnsafePointer.of(time)!);
  return time[0] * 1_000_000_000n + time[1];
}

/** Runs a command in a namespace; returns its output. */
export async function output(
  namespace: Namespace,
  command: string,
  ...args: string[]
): Promise<string> {
  const child = namespace.enter(() =>
    new Deno.Command(command, { args, stdout: "piped", stderr: "piped" }).spawn()
  );
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

/** The names of the links in a namespace. */
export function linksIn(namespace: Namespace): string[] {
  return namespace.rtnetlink(dumpLinks).map((message) => readLinkState(message).name);
}

/** Waits until a condition is true; returns whether it was in time. */
export async function eventually(holds: () => boolean, timeoutMs = 8_000): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}
