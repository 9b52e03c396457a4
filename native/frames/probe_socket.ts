import { closeLater, fast } from "../fast.ts";
import { check, closeFd, libc } from "../libc.ts";

const AF_PACKET = 17;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x80000;
const ETH_P_ALL_BIG_ENDIAN = 0x0300;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const SOL_PACKET = 263;
const PACKET_IGNORE_OUTGOING = 23;
const CLOCK_REALTIME = 0;
const RECEIVE_BUFFER_BYTES = 64 * 2 ** 20;
const FRAME_BYTES = 65_536;
const CONTROL_BYTES = 64;

/** A frame as it came, and when, in nanoseconds of {@link realtime}. */
export interface TimedFrame {
  /** Good until the next call. */
  bytes: Uint8Array;
  atNs: number;
}

/**
 * Sends and receives whole frames of one Ethernet type at one link of the network namespace that
 * this thread is in, and knows when the kernel received each, whenever it is asked for it.
 *
 * Source: packet(7), SO_TIMESTAMPNS in the kernel's Documentation/networking/timestamping.rst.
 */
export class ProbeSocket {
  #fd: number;
  #frame = new Uint8Array(FRAME_BYTES);
  #control = new Uint8Array(new ArrayBuffer(CONTROL_BYTES));
  #vector = new BigUint64Array([address(this.#frame), BigInt(FRAME_BYTES)]);
  // struct msghdr
  #message = new BigUint64Array([
    0n,
    0n,
    address(this.#vector),
    1n,
    address(this.#control),
    0n,
    0n,
  ]);

  constructor(index: number, etherType: number) {
    const fd = check(libc().socket(AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, 0), "socket", "AF_PACKET");
    this.#fd = fd;
    try {
      const number = (value: number) => new Uint8Array(new Int32Array([value]).buffer);
      const option = (level: number, name: number, value: Uint8Array<ArrayBuffer>) =>
        check(fast().setsockopt(fd, level, name, value, value.length), "setsockopt", level, name);
      option(SOL_SOCKET, SO_RCVBUFFORCE, number(RECEIVE_BUFFER_BYTES));
      option(SOL_SOCKET, SO_TIMESTAMPNS, number(1));
      option(SOL_PACKET, PACKET_IGNORE_OUTGOING, number(1));
      const program = onlyType(etherType);
      const fprog = words(BigInt(program.length / 8), address(program));
      option(SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(fprog.buffer));
      // struct sockaddr_ll
      const place = new Uint8Array(20);
      const view = new DataView(place.buffer);
      view.setUint16(0, AF_PACKET, true);
      view.setUint16(2, ETH_P_ALL_BIG_ENDIAN, true);
      view.setInt32(4, index, true);
      check(fast().bind(fd, place, place.length), "bind", "AF_PACKET", index);
    } catch (error) {
      closeFd(fd);
      throw error;
    }
  }

  /** Sends a frame; false if there was no room for it, or the link is down. */
  send(frame: Uint8Array<ArrayBuffer>): boolean {
    return Number(libc().send(this.#fd, frame, BigInt(frame.length), 0)) >= 0;
  }

  /** The next frame that came, if there is one. */
  receive(): TimedFrame | undefined {
    this.#message[5] = BigInt(CONTROL_BYTES);
    const length = fast().recvmsg(this.#fd, new Uint8Array(this.#message.buffer), 0);
    if (length < 0) return undefined;
    // struct cmsghdr of 16 bytes, struct timespec.
    const view = new DataView(this.#control.buffer);
    const atNs = Number(view.getBigInt64(16, true)) * 1e9 + Number(view.getBigInt64(24, true));
    return { bytes: this.#frame.subarray(0, length), atNs };
  }

  async close(): Promise<void> {
    await closeLater(this.#fd);
  }
}

const clock = new BigInt64Array(new ArrayBuffer(16));

/** Nanoseconds by the clock that the kernel stamps frames with; whole microseconds at the least. */
export function realtime(): number {
  fast().clock_gettime(CLOCK_REALTIME, Deno.UnsafePointer.of(clock));
  return Number(clock[0]) * 1e9 + Number(clock[1]);
}

/** Memory that stays where it is: an array of its own that is so small might be moved. */
function words(...values: bigint[]): BigUint64Array<ArrayBuffer> {
  const array = new BigUint64Array(new ArrayBuffer(8 * values.length));
  array.set(values);
  return array;
}

function address(memory: Uint8Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory)));
}

/** The classic BPF program that lets frames of one type in: load it; if it is that, all; else none. */
function onlyType(etherType: number): Uint8Array<ArrayBuffer> {
  const program = [0x28, 12, 0x15 | 1 << 24, etherType, 0x06, 0xffff_ffff, 0x06, 0];
  return new Uint8Array(new Uint32Array(program).buffer);
}
