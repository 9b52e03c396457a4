import type { IpSupport } from "./router_presets.ts";

/** Address families, and the MTUs that follow from them. */

/** The MTU of a link unless an option gives another. */
export const ETHERNET_MTU = 1500;

/** The smallest MTU of a link with IPv6 (RFC 8200, section 5). */
export const IPV6_MIN_MTU = 1280;

/** Whether a router has IPv4. */
export const hasV4 = (support: IpSupport): boolean => support !== "v6-only";

/** Whether a router has IPv6. */
export const hasV6 = (support: IpSupport): boolean => support !== "v4-only";
