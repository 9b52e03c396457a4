import type { Hop, Lost, OwnerOf } from "./types.ts";

/**
 * Whether a packet did not come to where its destination address lives.
 *
 * @param captured The interfaces of each node that were captured.
 */
export function fateOf(
  hops: readonly Hop[],
  ownerOf: OwnerOf,
  captured: ReadonlyMap<string, ReadonlySet<string>>,
): Lost {
  const last = hops[hops.length - 1];
  const owner = ownerOf(last.form.destination, last.timeMs);
  if (!owner) return "unknown";
  if (last.node === owner.node && last.direction !== "out") return false;
  // It was there, and went on, as a bridge or a second capture has it.
  if (hops.some((hop) => hop.node === owner.node && arrived(hop, last))) return false;
  const interfaces = captured.get(owner.node);
  if (!interfaces) return "unknown";
  const isCaptured = owner.interface === undefined || interfaces.has(owner.interface) ||
    interfaces.has("any");
  return isCaptured ? true : "unknown";
}

function arrived(hop: Hop, last: Hop): boolean {
  return hop.direction !== "out" && hop.form.destination === last.form.destination;
}
