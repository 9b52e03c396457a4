import type { Form } from "./identity.ts";
import type { Sighting } from "./types.ts";

/**
 * How well a sighting continues a journey: the higher, the better; undefined if it does not.
 *
 * A link changes nothing. A node may change addresses, and lowers the TTL. Where a capture is missing,
 * both may have happened between two sightings.
 *
 * @param hops The sightings of the journey so far, at least one.
 */
export function continuation(hops: readonly Sighting[], next: Sighting): number | undefined {
  const last = hops[hops.length - 1];
  const { form } = next;
  if (form.ttl > last.form.ttl) return undefined;
  // Routers that translate keep the identification, where it is used at all.
  if (form.ipId > 0 && last.form.ipId > 0 && form.ipId !== last.form.ipId) return undefined;
  for (const hop of hops) {
    // The same interface sees a packet twice only if it was changed between.
    if (
      hop.node === next.node && hop.interface === next.interface &&
      hop.direction === next.direction && hop.form.ttl === form.ttl &&
      keptEnds(hop.form, form) === 2
    ) return undefined;
  }
  const kept = keptEnds(last.form, form);
  // Where no router was between, the frame is the same, too.
  const isUnrouted = kept === 2 && form.ttl === last.form.ttl;
  if (isUnrouted && form.macs && last.form.macs && form.macs !== last.form.macs) return undefined;
  const isTranslated = last.form.family !== form.family;
  if (last.node === next.node) {
    // What left a node does not come back into it without passing another.
    if (last.direction === "out" && next.direction === "in") return undefined;
    const isForwarded = last.direction === "in" && next.direction === "out";
    // Only on its way through a node is it changed, which lowers the TTL of what is routed.
    const isSameWay = last.direction !== undefined && last.direction === next.direction;
    if (kept < 2 && (isSameWay || !isForwarded && form.ttl === last.form.ttl)) return undefined;
    return kept === 2 ? 90 : kept === 1 ? 80 : isTranslated ? 60 : 40;
  }
  const isOdd = last.direction === "in" && next.direction === "in" ||
    next.direction === "out" && last.direction !== undefined;
  if (isUnrouted) return isOdd ? 70 : 100;
  // Whatever changed it on its way was a router.
  if (form.ttl >= last.form.ttl) return undefined;
  return kept === 2 ? 50 : kept === 1 ? 30 : isTranslated ? 20 : 10;
}

/** How many ends are as before: address and port, or the identifier of a ping. */
function keptEnds(a: Form, b: Form): number {
  if (a.family !== b.family) return 0;
  const source = a.source === b.source && a.sourcePort === b.sourcePort && a.echoId === b.echoId;
  const destination = a.destination === b.destination && a.destinationPort === b.destinationPort;
  return Number(source) + Number(destination);
}
