import { fast } from "../fast.ts";
import { closeFd, highFd } from "../libc.ts";
import { fixedBytes } from "../memory.ts";
import { openNetlink } from "../netlink/socket.ts";
import { bindToLink, openPacketSocket, setSocketOption, trySocketOption } from "../socket.ts";

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;
const PACKET_IGNORE_OUTGOING = 23;
const PACKET_OUTGOING = 4;
/** ETH_P_ALL, in network byte order. */
const ALL_PROTOCOLS = 0x0300;
const MSG_TRUNC = 0x20;
const SOCKADDR_LL_BYTES = 20;
const PACKET_TYPE = 10;
const CONTROL_BYTES = 64;

/**
 * Opens a socket that receives every frame of a link of the network namespace of this thread, with the
 * kernel's time of each. `bufferBytes` is what may wait for {@link FrameReceiver}; root of a user
 * namespace gets what net.core.rmem_max allows.
 *
 * Source: packet(7), socket(7).
 */
export function openCaptureSocket(index: number, bufferBytes: number): number {
  const fd = openPacketSocket();
  try {
    setSocketOption(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    if (!trySocketOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bufferBytes)) {
      setSocketOption(fd, SOL_SOCKET, SO_RCVBUF, bufferBytes);
    }
    bindToLink(fd, index, ALL_PROTOCOLS);
    return highFd(fd);
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** Whether capture sockets get as large a buffer as is requested: not for root of a user namespace. */
export function canHoldMany(bufferBytes: number): boolean {
  // Closing a packet socket takes the kernel 10 ms.
  const fd = openNetlink();
  const can = trySocketOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bufferBytes);
  closeFd(fd);
  return can;
}

/** Whether a capture socket skips the frames that leave by its link (since Linux 4.20). */
export function skipOutgoing(fd: number, skip: boolean): void {
  trySocketOption(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, skip ? 1 : 0);
}

/** How many frames a capture socket has dropped since the last call, as its buffer was full. */
export function takeDrops(fd: number): number {
  // struct tpacket_stats: frames, drops.
  const stats = new Uint32Array(2);
  const length = Uint32Array.of(8);
  return fast().getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, stats, length) < 0 ? 0 : stats[1];
}

/** Receives frames into memory that the caller chooses. Allocates nothing after its construction. */
export class FrameReceiver {
  #from = fixedBytes(SOCKADDR_LL_BYTES);
  #control = new Uint32Array(fixedBytes(CONTROL_BYTES).buffer);
  // struct iovec
  #vector = new Uint32Array(fixedBytes(16).buffer);
  // struct msghdr: name, its length, vectors, how many, control, its length, flags.
  #message = new Uint32Array(fixedBytes(56).buffer);
  #messageBytes = new Uint8Array(this.#message.buffer);
  #recvmsg = fast().recvmsg;

  constructor() {
    const pointers: [number, ArrayBufferView<ArrayBuffer>][] = [
      [0, this.#from],
      [4, this.#vector],
      [8, this.#control],
    ];
    for (const [at, memory] of pointers) {
      setAddress(this.#message, at, Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory)));
    }
    this.#message[6] = 1;
  }

  /**
   * Receives a frame; returns its length on the wire, which may exceed `length`, or -1 if none waits.
   *
   * @param low The lower half of the address of the memory, and `high` the upper one.
   */
  receive(fd: number, low: number, high: number, length: number): number {
    this.#vector[0] = low;
    this.#vector[1] = high;
    this.#vector[2] = length;
    this.#message[2] = SOCKADDR_LL_BYTES;
    this.#message[10] = CONTROL_BYTES;
    return this.#recvmsg(fd, this.#messageBytes, MSG_TRUNC);
  }

  /** Whether the last frame left by the link; otherwise it arrived. */
  get isOutgoing(): boolean {
    return this.#from[PACKET_TYPE] === PACKET_OUTGOING;
  }

  /** The time of the last frame, in whole seconds since 1970. */
  get seconds(): number {
    // struct cmsghdr, then struct timespec: no other control message was requested.
    return this.#control[4];
  }

  /** The nanoseconds of that second. */
  get nanos(): number {
    return this.#control[6];
  }
}

function setAddress(words: Uint32Array, at: number, address: bigint | number): void {
  const value = BigInt(address);
  words[at] = Number(value & 0xffff_ffffn);
  words[at + 1] = Number(value >> 32n);
}
