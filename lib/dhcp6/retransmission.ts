/** The retransmission of a message without an answer (RFC 8415, section 15), in milliseconds. */
export interface Retransmission {
  /** The first wait (IRT). */
  first: number;
  /** The longest wait (MRT); 0: no limit. */
  longest: number;
  /** The number of attempts (MRC); 0: no limit. */
  attempts: number;
}

/** The values of RFC 8415, section 7.6, for each message of a client. */
export const RETRANSMISSION = {
  solicit: { first: 1_000, longest: 3_600_000, attempts: 0 },
  request: { first: 1_000, longest: 30_000, attempts: 10 },
  renew: { first: 10_000, longest: 600_000, attempts: 0 },
  rebind: { first: 10_000, longest: 600_000, attempts: 0 },
  release: { first: 1_000, longest: 0, attempts: 4 },
} as const satisfies Record<string, Retransmission>;

/**
 * Returns the wait before the next retransmission.
 *
 * @param before The wait before this one; undefined for the first.
 * @param random From 0 to 1: varies the wait by a tenth, so that clients do not send together.
 */
export function nextWait(
  { first, longest }: Retransmission,
  before: number | undefined,
  random: number,
): number {
  const factor = (random - 0.5) / 5;
  const wait = before === undefined ? first * (1 + factor) : before * (2 + factor);
  return longest > 0 && wait > longest ? longest * (1 + factor) : wait;
}
