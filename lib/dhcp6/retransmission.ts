/** How often something is sent again while nobody answers (RFC 8415, section 15), in milliseconds. */
export interface Retransmission {
  /** The first wait (IRT). */
  first: number;
  /** The longest wait (MRT); 0: no limit. */
  longest: number;
  /** After how often it is given up (MRC); 0: never. */
  attempts: number;
}

/** What RFC 8415, section 7.6, says for each message of a client. */
export const RETRANSMISSION = {
  solicit: { first: 1_000, longest: 3_600_000, attempts: 0 },
  request: { first: 1_000, longest: 30_000, attempts: 10 },
  renew: { first: 10_000, longest: 600_000, attempts: 0 },
  rebind: { first: 10_000, longest: 600_000, attempts: 0 },
  release: { first: 1_000, longest: 0, attempts: 4 },
} as const satisfies Record<string, Retransmission>;

/**
 * How long to wait after a message was sent, before it is sent again.
 *
 * @param before The wait before this one; undefined for the first.
 * @param random From 0 to 1: so that not all who wait send at once, a tenth more or less.
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
