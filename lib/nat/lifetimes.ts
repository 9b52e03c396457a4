import type { ResolvedNat } from "./config.ts";

/** The two timeouts that conntrack gives the flows of a protocol. */
export interface Lifetimes {
  longer: number;
  shorter: number;
}

/** Returns both lifetimes of UDP flows, and which flows have the longer; undefined if they are equal. */
export function udpLifetimes(
  { timeouts: { udpSecs, udpStreamSecs } }: ResolvedNat,
): Lifetimes & { status: string } | undefined {
  if (udpSecs === udpStreamSecs) return undefined;
  return {
    longer: Math.max(udpSecs, udpStreamSecs),
    shorter: Math.min(udpSecs, udpStreamSecs),
    // Conntrack marks a UDP flow as assured when it gives it the timeout of a stream.
    status: udpStreamSecs > udpSecs ? "ct status assured" : "ct status ! assured",
  };
}

/** Returns both lifetimes of TCP connections; undefined if the established one is the shorter. */
export function tcpLifetimes(
  { timeouts: { tcpEstablishedSecs, tcpTransitorySecs } }: ResolvedNat,
): Lifetimes | undefined {
  if (tcpEstablishedSecs <= tcpTransitorySecs) return undefined;
  return { longer: tcpEstablishedSecs, shorter: tcpTransitorySecs };
}
