import type { SocketAddress } from "@netyard/netyard";
import type { Udp } from "./udp.ts";

/** One side of a hole punch: its socket, and the address that a reflector saw it by. */
export interface Side {
  socket: Udp;
  mapping: SocketAddress;
}

/** The address that each side received from; undefined if it received nothing. */
export type Heard = [a: SocketAddress | undefined, b: SocketAddress | undefined];

/**
 * UDP hole punching, as two peers do it that know each other's mapping from a
 * rendezvous server: both send to it until both know that they were heard.
 *
 * A side that hears the other answers to where the packet came from, and goes
 * on until the other heard it too: the other's NAT may have dropped all before.
 */
export async function punch(a: Side, b: Side, timeoutMs = 3000): Promise<Heard> {
  const deadline = performance.now() + timeoutMs;
  const confirmed = new Set<Side>();
  const talk = async (own: Side, other: Side) => {
    let heard: SocketAddress | undefined;
    while (confirmed.size < 2 && performance.now() < deadline) {
      await own.socket.send(heard ? "i hear you" : "hello?", heard ?? other.mapping);
      const datagram = await own.socket.next(30);
      if (!datagram) continue;
      heard = datagram.from;
      if (datagram.text === "i hear you") confirmed.add(own);
    }
    return heard;
  };
  return await Promise.all([talk(a, b), talk(b, a)]);
}
