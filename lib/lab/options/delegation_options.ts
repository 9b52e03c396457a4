import { z } from "zod";

/**
 * What a router has to do with DHCPv6 prefix delegation
 * ({@link https://www.rfc-editor.org/rfc/rfc8415 | RFC 8415}).
 *
 * - `true`, or `{ length }`: it asks what is above it for a prefix, of which its LAN has the first /64.
 *   The exchange and regions hand out prefixes as an ISP does; a router above must have been told to, or
 *   have asked for a prefix itself, of which it then hands out what it does not need.
 * - `{ pool }`: it hands out prefixes to the routers behind it, as an ISP's router.
 * - `false`: nothing.
 */
export type PrefixDelegation = boolean | PrefixRequest | PrefixOffer;

/** A prefix that a router asks for. */
export interface PrefixRequest {
  /** The prefix length that it wishes, from 1 to 64. Default: what it is given, as a rule a /56. */
  length?: number;
}

/** The prefixes that a router hands out. */
export interface PrefixOffer {
  /** The IPv6 network that it divides, or `"auto"`: a /40 that nobody else in the lab has. */
  pool: string | "auto";
  /** The prefix length of each, from 1 to 64, unless a router wishes for a longer one. Default 56. */
  length?: number;
  /**
   * How long each is good for new connections, in seconds; it is renewed when half of it has passed.
   * Default 3600.
   */
  preferredSecs?: number;
  /** How long each may be used at all without having been renewed, in seconds. Default 7200. */
  validSecs?: number;
}

/** The prefix length of a delegation, where nothing else was asked for (RIPE-690, section 4.2.1). */
export const DELEGATED_LENGTH = 56;

/** The prefix length of a LAN (RFC 4291, section 2.5.4). */
export const LAN_LENGTH = 64;

/** How long a prefix is good, where nothing else was asked for. */
export const LIFETIMES = { preferredSecs: 3600, validSecs: 7200 };

/** Without 0xffffffff, which means for ever: such a prefix could never be renumbered. */
const lifetime = z.int().min(1).max(0xffff_fffe);

// One object for both: of a union's, zod would explain the one that merely does not know a key.
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

export const prefixDelegationSchema: z.ZodType<PrefixDelegation> = z.union([
  z.boolean(),
  requestOrOffer as unknown as z.ZodType<PrefixRequest | PrefixOffer>,
]);

/** Whether a router hands out prefixes of a network of its own. */
export function isOffer(option: PrefixDelegation | undefined): option is PrefixOffer {
  return typeof option === "object" && "pool" in option && option.pool !== undefined;
}

/** What a router asks for; undefined if it asks for none. */
export function requestOf(option: PrefixDelegation | undefined): PrefixRequest | undefined {
  if (option === undefined || option === false || isOffer(option)) return undefined;
  return option === true ? {} : option;
}

/** Whether a router can have prefixes for those behind it. */
export const delegates = (option: PrefixDelegation | undefined): boolean =>
  isOffer(option) || requestOf(option) !== undefined;

/** How long what is handed out is good; of two that are not given, neither is longer than the other. */
export function lifetimesOf(offer: PrefixOffer): { preferredSecs: number; validSecs: number } {
  const { preferredSecs, validSecs } = offer;
  return {
    preferredSecs: preferredSecs ?? Math.min(LIFETIMES.preferredSecs, validSecs ?? Infinity),
    validSecs: validSecs ?? Math.max(LIFETIMES.validSecs, preferredSecs ?? 0),
  };
}
