import { z } from "zod";
import type { Schema } from "../../options/schema.ts";

/**
 * The role of a router in DHCPv6 prefix delegation
 * ({@link https://www.rfc-editor.org/rfc/rfc8415 | RFC 8415}).
 *
 * - `true`, or `{ length }`: it requests a prefix from its upstream; its LAN has the first /64 of it.
 *   The IX and regions delegate prefixes as an ISP does. An upstream router must delegate too: by
 *   `{ pool }`, or by requesting a prefix itself, of which it then delegates the rest.
 * - `{ pool }`: it delegates prefixes to downstream routers, as an ISP's router.
 * - `false`: none.
 */
export type PrefixDelegation = boolean | PrefixRequest | PrefixOffer;

/** A request for a prefix. */
export interface PrefixRequest {
  /** The requested prefix length, from 1 to 64. Default: as the upstream decides, usually 56. */
  length?: number;
}

/** The prefixes that a router delegates. */
export interface PrefixOffer {
  /** The IPv6 network that it divides, or `"auto"`: a /40 that nothing else in the lab uses. */
  pool: string | "auto";
  /** The prefix length of each, from 1 to 64, unless a router requests a longer one. Default 56. */
  length?: number;
  /**
   * The preferred lifetime of each, in seconds: how long new connections may use it. It is renewed when
   * half of this has passed. Default 3600.
   */
  preferredSecs?: number;
  /** The valid lifetime of each, in seconds: how long it may be used without a renewal. Default 7200. */
  validSecs?: number;
}

/** The prefix length of a delegation, if no other is requested (RIPE-690, section 4.2.1). */
export const DELEGATED_LENGTH = 56;

/** The prefix length of a LAN (RFC 4291, section 2.5.4). */
export const LAN_LENGTH = 64;

/** The lifetimes of a prefix, if no others are given. */
export const LIFETIMES = { preferredSecs: 3600, validSecs: 7200 };

/** Without 0xffffffff, which means for ever: such a prefix could never be renumbered. */
const lifetime = z.int().min(1).max(0xffff_fffe);

// One object for both: for a union, zod would explain the branch that does not know a key.
const requestOrOffer = z.strictObject({
  pool: z.string()
    .describe('The IPv6 network that it divides, or "auto". Default: it requests a prefix.')
    .optional(),
  length: z.int().min(1).max(LAN_LENGTH)
    .describe("The prefix length that it requests, or hands out. Default 56.").optional(),
  preferredSecs: lifetime
    .describe("How long each prefix is good for new connections, in seconds.").optional(),
  validSecs: lifetime
    .describe("How long each prefix may be used at all, in seconds.").optional(),
}).meta({ title: "{ pool, length, ... }", table: "prefix delegation" }).superRefine(
  (option, context) => {
    if (option.pool !== undefined) return;
    const key = (["preferredSecs", "validSecs"] as const).find((each) =>
      option[each] !== undefined
    );
    if (!key) return;
    const message = "must be left out without a pool: its ISP says how long a prefix is good";
    context.addIssue({ code: "custom", path: [key], message });
  },
);

export const prefixDelegationSchema: Schema<PrefixDelegation> = z.union([
  z.boolean(),
  requestOrOffer as unknown as Schema<PrefixRequest | PrefixOffer>,
]);

/** Whether a router delegates prefixes from a pool of its own. */
export function isOffer(option: PrefixDelegation | undefined): option is PrefixOffer {
  return typeof option === "object" && "pool" in option && option.pool !== undefined;
}

/** The prefix that a router requests; undefined if it requests none. */
export function requestOf(option: PrefixDelegation | undefined): PrefixRequest | undefined {
  if (option === undefined || option === false || isOffer(option)) return undefined;
  return option === true ? {} : option;
}

/** Whether a router can delegate prefixes to downstream routers. */
export const delegates = (option: PrefixDelegation | undefined): boolean =>
  isOffer(option) || requestOf(option) !== undefined;

/** The lifetimes of delegated prefixes. A default never makes the preferred one longer than the valid one. */
export function lifetimesOf(offer: PrefixOffer): { preferredSecs: number; validSecs: number } {
  const { preferredSecs, validSecs } = offer;
  return {
    preferredSecs: preferredSecs ?? Math.min(LIFETIMES.preferredSecs, validSecs ?? Infinity),
    validSecs: validSecs ?? Math.max(LIFETIMES.validSecs, preferredSecs ?? 0),
  };
}
