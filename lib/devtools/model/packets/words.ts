import type { PacketSummary } from "../../../packets/mod.ts";
import { endpointText } from "../../../packets/mod.ts";
import type { FieldNode } from "../types.ts";
import type { PacketEntry } from "./packet_store.ts";

/** The moment of a packet, in seconds since the lab started, to the microsecond. */
export function packetTime(entry: PacketEntry, startMs: number): string {
  return ((entry.frame.timeMs - startMs) / 1_000).toFixed(6);
}

/** A span of time, in the unit that reads best. */
export function spanText(ms: number): string {
  if (ms < 1) return `${(ms * 1_000).toFixed(0)} µs`;
  if (ms < 1_000) return `${ms.toFixed(ms < 10 ? 2 : 1)} ms`;
  return `${(ms / 1_000).toFixed(2)} s`;
}

/** The sender and the receiver of a packet, with ports. */
export function endsText(summary: PacketSummary): { source: string; destination: string } {
  const { source, sourcePort, destination, destinationPort } = summary;
  return {
    source: endpointText(source, sourcePort),
    destination: endpointText(destination, destinationPort),
  };
}

/** What a list says of a packet beside its ends: without the ports, which these have. */
export function infoText({ info }: PacketSummary): string {
  return info.replace(/^\d+ → \d+ /, "");
}

/** How a packet is coloured: refusals and errors are seen at once. */
export function packetTone({ protocol, info }: PacketSummary): "bad" | "warn" | "plain" {
  if (protocol === "TCP" && /\[[^\]]*RST/.test(info)) return "bad";
  if (/^ICMP/.test(protocol) && /unreachable|exceeded|too big|prohibited/i.test(info)) {
    return "warn";
  }
  return "plain";
}

/** Whether a tree has a part that was not read any further. */
export function hasUnknown(nodes: readonly FieldNode[]): boolean {
  return nodes.some(({ label, children, start, end }) =>
    end > start && /^(?:Payload|Data|Fragment|Link type .*)$/.test(label) ||
    hasUnknown(children ?? [])
  );
}

/** The way to the innermost field that has a byte. */
export function pathAt(nodes: readonly FieldNode[], offset: number): string | undefined {
  const parts = pathParts(nodes);
  for (const [i, { start, end, children = [] }] of nodes.entries()) {
    if (offset < start || offset >= end) continue;
    const inner = pathAt(children, offset);
    return inner === undefined ? parts[i] : `${parts[i]}/${inner}`;
  }
  return undefined;
}

/** The names of fields in paths: labels, with numbers at those that are alike. */
export function pathParts(nodes: readonly FieldNode[]): string[] {
  const counts = new Map<string, number>();
  return nodes.map(({ label }) => {
    const before = counts.get(label) ?? 0;
    counts.set(label, before + 1);
    const name = label.replaceAll("/", "∕");
    return before === 0 ? name : `${name}~${before}`;
  });
}

/** Finds a field by its path. */
export function nodeAt(nodes: readonly FieldNode[], path: string): FieldNode | undefined {
  const [first, ...rest] = path.split("/");
  const node = nodes[pathParts(nodes).indexOf(first)];
  return node && rest.length > 0 ? nodeAt(node.children ?? [], rest.join("/")) : node;
}
