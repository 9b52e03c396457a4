import { fast } from "../fast.ts";
import { closeFd, spareLowFds } from "../libc.ts";
import { addressOf, fixedBytes, fixedWords, ints } from "../memory.ts";
import { openRawSocket, setSocketOption, trySocketOption } from "../socket.ts";
import { HOP_LIMIT, ROUTER_SOLICITATION } from "./codec.ts";

const AF_INET6 = 10;
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

/** A received ICMPv6 message. */
export interface Received {
  bytes: Uint8Array;
  /** The address of the sender, 16 bytes. */
  from: Uint8Array;
  /** The index of the link on which it arrived. */
  index: number;
  hopLimit: number;
}

/**
 * Sends Neighbor Discovery messages on any link of the network namespace of this thread, with the hop
 * limit that RFC 4861 requires, and receives router solicitations. The kernel computes and verifies
 * the checksums.
 *
 * Source: RFC 3542, ipv6(7).
 */
export class NdpSocket {
  readonly fd: number;
  #bytes = fixedBytes(MESSAGE_BYTES);
  #from = fixedBytes(SOCKADDR_IN6_BYTES);
  #control = fixedBytes(CONTROL_BYTES);
  #vector = fixedWords(addressOf(this.#bytes), BigInt(MESSAGE_BYTES));
  // struct msghdr: name, its length, vectors, how many, control, its length, flags.
  #message = fixedWords(
    addressOf(this.#from),
    BigInt(SOCKADDR_IN6_BYTES),
    addressOf(this.#vector),
    1n,
    addressOf(this.#control),
    0n,
    0n,
  );

  constructor() {
    const fd = spareLowFds(openRawSocket(AF_INET6, IPPROTO_ICMPV6, "AF_INET6"));
    try {
      // A set bit blocks a type of ICMPv6.
      const filter = new Array(8).fill(-1);
      filter[ROUTER_SOLICITATION >> 5] = ~(1 << (ROUTER_SOLICITATION & 31));
      setSocketOption(fd, IPPROTO_ICMPV6, ICMP6_FILTER, ints(...filter));
      setSocketOption(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, HOP_LIMIT);
      setSocketOption(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, HOP_LIMIT);
      setSocketOption(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
      setSocketOption(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
      setSocketOption(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
      this.fd = fd;
    } catch (error) {
      closeFd(fd);
      throw error;
    }
  }

  /**
   * Sends a message by a link, from its link-local address. Returns false if the link is down or gone,
   * has no such address, or its queue is full.
   *
   * @param to 16 bytes, link-local or multicast.
   */
  send(message: Uint8Array<ArrayBuffer>, to: Uint8Array, index: number): boolean {
    if (!trySocketOption(this.fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index)) return false;
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

  /** Reads the next message that has arrived, if there is one. */
  receive(): Received | undefined {
    this.#message[1] = BigInt(SOCKADDR_IN6_BYTES);
    this.#message[5] = BigInt(CONTROL_BYTES);
    this.#message[6] = 0n;
    const length = fast().recvmsg(this.fd, new Uint8Array(this.#message.buffer), 0);
    if (length < 0) return undefined;
    const { index, hopLimit } = this.#readControl(Number(this.#message[5]));
    return { bytes: this.#bytes.slice(0, length), from: this.#from.slice(8, 24), index, hopLimit };
  }

  /** Reads the control messages: `struct cmsghdr`s, each aligned to 8 bytes. */
  #readControl(bytes: number): { index: number; hopLimit: number } {
    const view = new DataView(this.#control.buffer);
    const control = { index: 0, hopLimit: 0 };
    for (let at = 0; at + CMSG_HEADER_BYTES <= bytes;) {
      const length = Number(view.getBigUint64(at, true));
      if (length < CMSG_HEADER_BYTES) break;
      const type = view.getInt32(at + 12, true);
      // struct in6_pktinfo: the destination address, and the link.
      if (type === IPV6_PKTINFO) control.index = view.getInt32(at + CMSG_HEADER_BYTES + 16, true);
      if (type === IPV6_HOPLIMIT) control.hopLimit = view.getInt32(at + CMSG_HEADER_BYTES, true);
      at += (length + 7) & ~7;
    }
    return control;
  }

  close(): void {
    closeFd(this.fd);
  }
}
