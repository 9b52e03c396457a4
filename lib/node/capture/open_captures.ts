import type { Host } from "../process/host.ts";

const open = new WeakMap<Host, Set<{ label: string }>>();

/** Notes that a capture is open on a node; the result ends that. */
export function noteCapture(host: Host, label: string): () => void {
  const captures = open.get(host) ?? new Set();
  open.set(host, captures);
  const capture = { label };
  captures.add(capture);
  return () => captures.delete(capture);
}

/** The captures that are open on a node, as an error names them: `capture of laptop eth0`. */
export function openCaptures(host: Host): string[] {
  return [...open.get(host) ?? []].map(({ label }) => label);
}
