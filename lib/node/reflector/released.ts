/** Waits until the kernel has released a port whose socket was closed. */
import { readFileText } from "../../../native/libc.ts";
import { ipBytes } from "../../address/mod.ts";
import type { Host } from "../process/host.ts";
import type { SocketAddress } from "./socket_address.ts";

/** The tables of sockets in /proc/net (proc_net(5)). */
export type SocketTable = "tcp" | "tcp6" | "udp" | "udp6";

/** How long it waits; another program may have bound the port by then. */
const RELEASE_MS = 1_000;

/** The state of a listening TCP socket (TCP_LISTEN), as the tables write it. */
const LISTENING = "0A";

/**
 * Resolves when no socket of a node is bound to the address, or after {@link RELEASE_MS}. Closing a
 * socket does not release its port at once: a pending receive of this process holds it until the event
 * loop turns, and a child holds copies of all sockets between fork() and exec().
 */
export async function released(
  { namespace }: Pick<Host, "namespace">,
  protocol: "tcp" | "udp",
  address: SocketAddress,
): Promise<void> {
  const table: SocketTable = address.ip.includes(":") ? `${protocol}6` : protocol;
  const deadline = performance.now() + RELEASE_MS;
  const isBound = () =>
    namespace.fd >= 0 &&
    isListed(table, namespace.enter(() => readFileText(`/proc/thread-self/net/${table}`)), address);
  // Polls: the kernel does not report that a port is free.
  while (isBound() && performance.now() < deadline) {
    await new Promise((done) => setTimeout(done, 1));
  }
}

/** Whether a table of sockets has one bound to the address; of TCP, one that listens. */
export function isListed(table: SocketTable, text: string, { ip, port }: SocketAddress): boolean {
  const local = `${hex(ipBytes(ip))}:${hexOf(port, 4)}`;
  return text.split("\n").some((line) => {
    const [, address, , state] = line.trim().split(/\s+/);
    return address === local && (table.startsWith("udp") || state === LISTENING);
  });
}

/** An address as the tables write it: words of 32 bits in the byte order of the processor. */
function hex(bytes: Uint8Array): string {
  const words = [];
  for (let at = 0; at < bytes.length; at += 4) words.push(bytes.slice(at, at + 4).reverse());
  return words.map((word) => Array.from(word, (byte) => hexOf(byte, 2)).join("")).join("");
}

const hexOf = (value: number, digits: number) =>
  value.toString(16).toUpperCase().padStart(digits, "0");
