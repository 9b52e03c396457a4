import { syncLink } from "../../../native/netlink/link.ts";
import { getRoute, isLocalRoute } from "../../../native/netlink/route.ts";
import { NetyardError } from "../../../native/error.ts";
import { ipBytes } from "../../address/mod.ts";
import { inside } from "./rtnetlink.ts";
import { refusedBy, removeIfPresent } from "../../../native/netlink/refusal.ts";
import type { Unsettled } from "../model/lab.ts";
import type { InterfaceRecord, NodeRecord } from "../model/records.ts";
import { addMembersToGateway } from "./neighbours.ts";

/**
 * Waits for what the kernel finishes only a moment after it acknowledged it. Until then packets are
 * lost:
 *
 * - by the gateway's end of a link, which was set up first, and by a bridge; see {@link syncLink};
 * - to an IPv6 address, which gets its local route from a kernel thread, even without duplicate
 *   address detection.
 *
 * Neighbour entries come after that: a kernel thread drops those of a link that had no carrier.
 */
export class KernelDelays implements Unsettled {
  #nodes = new Map<NodeRecord, { links: Set<number>; ips: Set<string> }>();
  #members = new Set<InterfaceRecord>();

  add(node: NodeRecord, links: number[], ips: (string | undefined)[] = []): void {
    const known = this.#nodes.get(node) ?? { links: new Set(), ips: new Set() };
    this.#nodes.set(node, known);
    for (const link of links) known.links.add(link);
    for (const ip of ips) if (ip?.includes(":")) known.ips.add(ip);
  }

  addMember(member: InterfaceRecord): void {
    this.#members.add(member);
  }

  drop(node: NodeRecord, ips?: (string | undefined)[]): void {
    if (!ips) this.#nodes.delete(node);
    for (const ip of ips ?? []) if (ip) this.#nodes.get(node)?.ips.delete(ip);
  }

  settle(): void {
    for (const node of [...this.#nodes.keys()]) this.settleNode(node);
    const bySegment = Map.groupBy(this.#members, ({ segment }) => segment);
    this.#members.clear();
    for (const [segment, members] of bySegment) addMembersToGateway(segment, members);
  }

  settleNode(node: NodeRecord): void {
    const unsettled = this.#nodes.get(node);
    if (!unsettled) return;
    const { links, ips } = unsettled;
    sync(node, [...links]);
    const missing = late(node, [...ips]);
    // Only now: what the kernel refused is tried again, but what it never finishes is not.
    this.#nodes.delete(node);
    if (missing.length === 0) return;
    throw new NetyardError(
      `${node.name}: the kernel has not taken ${missing.join(", ")} into use within ` +
        `${PATIENCE_MS / 1000} s; was it removed by a program?`,
    );
  }
}

/** An answer has up to 2 kB, and a socket's receive queue 208 kB. */
const QUESTIONS_AT_ONCE = 32;
/**
 * Far more than the kernel takes under load; reached only where something else removed an address.
 */
const PATIENCE_MS = 5_000;
const pause = new Int32Array(new SharedArrayBuffer(4));

function* chunks<T>(all: T[]): Iterable<T[]> {
  for (let i = 0; i < all.length; i += QUESTIONS_AT_ONCE) {
    yield all.slice(i, i + QUESTIONS_AT_ONCE);
  }
}

function sync(node: NodeRecord, links: number[]): void {
  for (const some of chunks(links)) {
    // A link that was removed meanwhile needs no waiting.
    removeIfPresent(() => inside(node, (batch) => some.forEach((index) => syncLink(batch, index))));
  }
}

/** The first addresses that the node does not answer to in time. */
function late(node: NodeRecord, ips: string[]): string[] {
  const deadline = performance.now() + PATIENCE_MS;
  for (const some of chunks(ips)) {
    while (!areLocal(node, some)) {
      if (performance.now() > deadline) return some;
      Atomics.wait(pause, 0, 0, 0.2);
    }
  }
  return [];
}

/** Whether the node answers to each of these addresses. */
function areLocal(node: NodeRecord, ips: string[]): boolean {
  try {
    const answers = inside(node, (batch) => ips.forEach((ip) => getRoute(batch, ipBytes(ip))));
    return answers.filter(isLocalRoute).length === ips.length;
  } catch (error) {
    if (refusedBy(error, ["ENETUNREACH", "EHOSTUNREACH"])) return false;
    throw error;
  }
}
