import { fast } from "../fast.ts";
import { check, closeFd, FD_SETSIZE, highFd, libc } from "../libc.ts";
import { HOP_LIMIT, ROUTER_SOLICITATION } from "./codec.ts";

const AF_INET6 = 10;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x80000;
const IPPROTO_IPV6 = 41;
const IPPROTO_ICMPV6 = 58;
const ICMP6_FILTER = 1;
const IPV6_MULTICAST_IF = 17;
const IPV6_UNICAST_HOPS = 16;
const IPV6_MULTICAST_HOPS = 18;
const IPV6_MULTICAST_LOOP = 19;
const IPV6_RECVPKTINFO = 49;
const IPV6_PKTINFO = 50;
const IPV6_RECVHOPLIMIT = 51;
const IPV6_HOPLIMIT = 52;
const SOCKADDR_IN6_BYTES = 28;
const CONTROL_BYTES = 128;
const MESSAGE_BYTES = 2048;
const CMSG_HEADER_BYTES = 16;

/** A message of ICMPv6 as it came. */
export interface Received {
  bytes: Uint8Array;
  /** Who sent it, 16 bytes. */
  from: Uint8Array;
  /** The link by which it came. */
  index: number;
  hopLimit: number;
}

/**
 * Sends messages of Neighbor Discovery by any link of the network namespace that this thread is in,
 * with the hop limit that they must have, and receives the solicitations of routers. The kernel
 * reckons and verifies the checksums.
 *
 * Source: RFC 3542, ipv6(7).
 */
export class NdpSocket {
  readonly fd: number;
  #bytes = new Uint8Array(new ArrayBuffer(MESSAGE_BYTES));
  #from = new Uint8Array(new ArrayBuffer(SOCKADDR_IN6_BYTES));
  #control = new Uint8Array(new ArrayBuffer(CONTROL_BYTES));
  #vector = words(address(this.#bytes), BigInt(MESSAGE_BYTES));
  // struct msghdr: name, its length, vectors, how many, control, its length, flags.
  #message = words(
    address(this.#from),
    BigInt(SOCKADDR_IN6_BYTES),
    address(this.#vector),
    1n,
    address(this.#control),
    0n,
    0n,
  );

  constructor() {
    const made = check(
      libc().socket(AF_INET6, SOCK_RAW_NONBLOCK_CLOEXEC, IPPROTO_ICMPV6),
      "socket",
      "AF_INET6",
      "SOCK_RAW",
    );
    const fd = made < FD_SETSIZE / 2 ? made : highFd(made);
    try {
      const option = (level: number, name: number, ...values: number[]) => {
        const bytes = new Uint8Array(new Int32Array(values).buffer);
        check(fast().setsockopt(fd, level, name, bytes, bytes.length), "setsockopt", level, name);
      };
      // A bit that is set keeps a type of ICMPv6 out.
      const filter = new Array(8).fill(-1);
      filter[ROUTER_SOLICITATION >> 5] = ~(1 << (ROUTER_SOLICITATION & 31));
      option(IPPROTO_ICMPV6, ICMP6_FILTER, ...filter);
      option(IPPROTO_IPV6, IPV6_UNICAST_HOPS, HOP_LIMIT);
      option(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, HOP_LIMIT);
      option(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
      option(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
      option(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
      this.fd = fd;
    } catch (error) {
      closeFd(fd);
      throw error;
    }
  }

  /**
   * Sends a message by a link, from its link-local address; false if the link is down or gone, or
   * has no such address, or there is no room for it.
   *
   * @param to 16 bytes, link-local or multicast.
   */
  send(message: Uint8Array<ArrayBuffer>, to: Uint8Array, index: number): boolean {
    const multicast = new Uint8Array(new Int32Array([index]).buffer);
    if (fast().setsockopt(this.fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, multicast, 4) < 0) return false;
    // struct sockaddr_in6
    const place = new Uint8Array(SOCKADDR_IN6_BYTES);
    const view = new DataView(place.buffer);
    view.setUint16(0, AF_INET6, true);
    place.set(to, 8);
    view.setUint32(24, index, true);
    const sent = fast().sendto(
      this.fd,
      message,
      BigInt(message.length),
      0,
      place,
      SOCKADDR_IN6_BYTES,
    );
    return Number(sent) >= 0;
  }

  /** The next message that came, if there is one. */
  receive(): Received | undefined {
    this.#message[1] = BigInt(SOCKADDR_IN6_BYTES);
    this.#message[5] = BigInt(CONTROL_BYTES);
    this.#message[6] = 0n;
    const length = fast().recvmsg(this.fd, new Uint8Array(this.#message.buffer), 0);
    if (length < 0) return undefined;
    const { index, hopLimit } = this.#about(Number(this.#message[5]));
    return { bytes: this.#bytes.slice(0, length), from: this.#from.slice(8, 24), index, hopLimit };
  }

  /** What the control messages say: `struct cmsghdr`s, each aligned to 8 bytes. */
  #about(bytes: number): { index: number; hopLimit: number } {
    const view = new DataView(this.#control.buffer);
    const about = { index: 0, hopLimit: 0 };
    for (let at = 0; at + CMSG_HEADER_BYTES <= bytes;) {
      const length = Number(view.getBigUint64(at, true));
      if (length < CMSG_HEADER_BYTES) break;
      const type = view.getInt32(at + 12, true);
      // struct in6_pktinfo: the address that it was sent to, and the link.
      if (type === IPV6_PKTINFO) about.index = view.getInt32(at + CMSG_HEADER_BYTES + 16, true);
      if (type === IPV6_HOPLIMIT) about.hopLimit = view.getInt32(at + CMSG_HEADER_BYTES, true);
      at += (length + 7) & ~7;
    }
    return about;
  }

  close(): void {
    closeFd(this.fd);
  }
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
