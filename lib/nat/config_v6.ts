import { z } from "zod";
import type { Schema } from "../options/schema.ts";

/**
 * How a router translates the IPv6 addresses of downstream hosts.
 *
 * - `"none"`: not at all, as IPv6 is designed.
 * - `"nptv6"`: replaces the prefix of each host on its LAN and keeps the rest of the address, one to
 *   one, so that hosts are reachable from outside (RFC 6296). Addresses of LANs further downstream pass
 *   unchanged.
 * - `"masquerade"`: replaces all downstream addresses with that of the router, as IPv4 NAT does. Each
 *   host keeps one port for all destinations, its own if that is free, and only replies come in.
 *   Timeouts are those of the IPv4 NAT, or of a home router.
 * - `"nat64"`: lets IPv6 hosts reach IPv4 by addresses in 64:ff9b::/96 (RFC 6146). IPv6 is untranslated.
 */
export type NatV6 = "none" | "nptv6" | "masquerade" | "nat64";

const MODES = ["none", "nptv6", "masquerade", "nat64"] as const satisfies readonly NatV6[];

/** The values of `natV6`, in option objects and in TOML. */
export const natV6Schema: Schema<NatV6> = z.enum(MODES);
