import { closeLater, fast } from "../fast.ts";
import { closeFd, libc } from "../libc.ts";
import { addressOf, fixedBytes, fixedWords } from "../memory.ts";
import { bindToLink, openPacketSocket, setSocketOption } from "../socket.ts";

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

/** A received frame, and the time of its arrival in nanoseconds of {@link realtime}. */
export interface TimedFrame {
  /** Valid until the next call. */
  bytes: Uint8Array;
  atNs: number;
}

/**
 * Sends and receives whole frames of one Ethernet type at one link of the network namespace of this
 * thread. The kernel records when it received each frame, however late it is read.
 *
 * Source: packet(7), SO_TIMESTAMPNS in the kernel's Documentation/networking/timestamping.rst.
 */
export class ProbeSocket {
  #fd: number;
  #frame = fixedBytes(FRAME_BYTES);
  #control = fixedBytes(CONTROL_BYTES);
  #vector = fixedWords(addressOf(this.#frame), BigInt(FRAME_BYTES));
  // struct msghdr: name, its length, vectors, how many, control, its length, flags.
  #message = fixedWords(0n, 0n, addressOf(this.#vector), 1n, addressOf(this.#control), 0n, 0n);

  constructor(index: number, etherType: number) {
    const fd = openPacketSocket();
    this.#fd = fd;
    try {
      setSocketOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES);
      setSocketOption(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
      setSocketOption(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
      const program = onlyType(etherType);
      // struct sock_fprog
      const filter = fixedWords(BigInt(program.length / 8), addressOf(program));
      setSocketOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(filter.buffer));
      bindToLink(fd, index, ETH_P_ALL_BIG_ENDIAN);
    } catch (error) {
      closeFd(fd);
      throw error;
    }
  }

  /** Sends a frame; returns false if the queue is full or the link is down. */
  send(frame: Uint8Array<ArrayBuffer>): boolean {
    return Number(libc().send(this.#fd, frame, BigInt(frame.length), 0)) >= 0;
  }

  /** Reads the next frame that has arrived, if there is one. */
  receive(): TimedFrame | undefined {
    this.#message[5] = BigInt(CONTROL_BYTES);
    const length = fast().recvmsg(this.#fd, new Uint8Array(this.#message.buffer), 0);
    if (length < 0) return undefined;
    // struct cmsghdr of 16 bytes, struct timespec.
    const view = new DataView(this.#control.buffer);
    const atNs = Number(view.getBigInt64(16, true)) * 1e9 + Number(view.getBigInt64(24, true));
    return { bytes: this.#frame.subarray(0, length), atNs };
  }

  /** Closes the socket, which takes the kernel some time. */
  async close(): Promise<void> {
    await closeLater(this.#fd);
  }
}

const clock = new BigInt64Array(new ArrayBuffer(16));

/** The clock of the kernel's time stamps, in nanoseconds; exact to a microsecond or better. */
export function realtime(): number {
  fast().clock_gettime(CLOCK_REALTIME, Deno.UnsafePointer.of(clock));
  return Number(clock[0]) * 1e9 + Number(clock[1]);
}

/** A classic BPF program that accepts frames of one type: load the type; if it matches, all; else none. */
function onlyType(etherType: number): Uint8Array<ArrayBuffer> {
  const program = [0x28, 12, 0x15 | 1 << 24, etherType, 0x06, 0xffff_ffff, 0x06, 0];
  return new Uint8Array(new Uint32Array(program).buffer);
}
