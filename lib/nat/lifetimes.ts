import type { ResolvedNat } from "./config.ts";

/** The two lifetimes that conntrack gives the flows of a protocol. */
export interface Lifetimes {
  longer: number;
  shorter: number;
}

/** The two lifetimes of UDP flows, and which flows have the longer; undefined if they are one. */
export function udpLifetimes(
  { timeouts: { udpSecs, udpStreamSecs } }: ResolvedNat,
): Lifetimes & { status: string } | undefined {
  if (udpSecs === udpStreamSecs) return undefined;
  return {
    longer: Math.max(udpSecs, udpStreamSecs),
    shorter: Math.min(udpSecs, udpStreamSecs),
    // Conntrack calls a UDP flow assured once it gives it the timeout of a stream.
    status: udpStreamSecs > udpSecs ? "ct status assured" : "ct status ! assured",
  };
}

/** The two lifetimes of TCP connections; undefined if the one of an established one does for all. */
export function tcpLifetimes(
  { timeouts: { tcpEstablishedSecs, tcpTransitorySecs } }: ResolvedNat,
): Lifetimes | undefined {
  if (tcpEstablishedSecs <= tcpTransitorySecs) return undefined;
  return { longer: tcpEstablishedSecs, shorter: tcpTransitorySecs };
}
