import { z } from "zod";

/**
 * What a router does to the IPv6 addresses of what is behind it.
 *
 * - `"none"`: nothing, as IPv6 is meant to be.
 * - `"nptv6"`: gives each host another prefix and keeps the rest of its address, one to one (RFC 6296).
 * - `"masquerade"`: hides all hosts behind the router's own address, as the NAT of IPv4 does.
 * - `"nat64"`: lets them reach IPv4 by addresses of 64:ff9b::/96 (RFC 6146); IPv6 passes untouched.
 */
export type NatV6 = "none" | "nptv6" | "masquerade" | "nat64";

const MODES = ["none", "nptv6", "masquerade", "nat64"] as const satisfies readonly NatV6[];

/** What `natV6` may be, for option objects and TOML alike. */
export const natV6Schema: z.ZodType<NatV6> = z.enum(MODES);
