import { endpointText } from "../headers/address_text.ts";
import type { Form } from "./identity.ts";

/** What changed of a packet between two places. */
export interface Change {
  readonly kind: "family" | "source" | "destination" | "ttl" | "dscp" | "ecn" | "icmp-id";
  /** In words, for example `source 10.0.1.2:40000 → 198.19.0.2:40000`. */
  readonly text: string;
}

const ECN: readonly string[] = ["Not-ECT", "ECT(1)", "ECT(0)", "CE"];

/**
 * Says what changed of a packet between two places.
 *
 * @returns The changes; nearly always at most the TTL.
 */
export function changesOf(before: Form, after: Form): Change[] {
  const changes: Change[] = [];
  const note = (kind: Change["kind"], what: string, from: string | number, to: string | number) => {
    if (from !== to) changes.push({ kind, text: `${what} ${from} → ${to}` });
  };
  if (before.family !== after.family) {
    changes.push({ kind: "family", text: `${familyText(before)} → ${familyText(after)}` });
  }
  note("source", "source", sourceText(before), sourceText(after));
  note("destination", "destination", destinationText(before), destinationText(after));
  note("icmp-id", "ICMP id", before.echoId, after.echoId);
  note(
    "ttl",
    after.family === 6 && before.family === 6 ? "hop limit" : "TTL",
    before.ttl,
    after.ttl,
  );
  note("dscp", "DSCP", before.trafficClass >> 2, after.trafficClass >> 2);
  note("ecn", "ECN", ECN[before.trafficClass & 3], ECN[after.trafficClass & 3]);
  return changes;
}

const familyText = ({ family }: Form) => family === 0 ? "link" : `IPv${family}`;

/** The sender, with its port. */
export function sourceText({ source, sourcePort }: Form): string {
  return endpointText(source, sourcePort);
}

/** The receiver, with its port. */
export function destinationText({ destination, destinationPort }: Form): string {
  return endpointText(destination, destinationPort);
}
