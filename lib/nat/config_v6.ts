import { z } from "zod";

/**
 * What a router does to the IPv6 addresses of what is behind it.
 *
 * - `"none"`: nothing, as IPv6 is meant to be.
 * - `"nptv6"`: gives each host of its LAN another prefix and keeps the rest of its address, one to one,
 *   so that it is reached by that one from outside (RFC 6296). LANs of routers behind it pass as they are.
 * - `"masquerade"`: hides all that is behind it behind the router's own address, as the NAT of IPv4 does:
 *   each host keeps a port for all destinations, its own where it is free, and only answers come in;
 *   timeouts are those of the IPv4 NAT, or of a home router's.
 * - `"nat64"`: lets them reach IPv4 by addresses of 64:ff9b::/96 (RFC 6146); IPv6 passes untouched.
 */
export type NatV6 = "none" | "nptv6" | "masquerade" | "nat64";

const MODES = ["none", "nptv6", "masquerade", "nat64"] as const satisfies readonly NatV6[];

/** What `natV6` may be, for option objects and TOML alike. */
export const natV6Schema: z.ZodType<NatV6> = z.enum(MODES);
