import { z } from "zod";
import type { Shape } from "../../options/parse_options.ts";
import type { Schema } from "../../options/schema.ts";

/** How devices get their IPv6 addresses and default routes; see {@link Ipv6Options.provisioning}. */
export type Ipv6Provisioning = "static" | "ra";

/** Whether kernels do duplicate address detection; see {@link Ipv6Options.dad}. */
export type Ipv6Dad = "enabled" | "disabled";

/** What sends the router advertisements; see {@link Ipv6Options.advertiser}. */
export type Ipv6Advertiser = "builtin" | "radvd";

/** How the nodes of a lab get IPv6 addresses. */
export interface Ipv6Options {
  /**
   * How devices behind routers get IPv6 addresses and default routes.
   *
   * - `"static"`: from the lab, immediately, the same ones each time.
   * - `"ra"`: from their router's advertisements (RFC 4861), from which their own kernels make addresses
   *   (RFC 4862). The lab's seed decides those (RFC 7217). All packets are real.
   *
   * On a bridge that is not a router's LAN, no router advertises: its members' addresses are static.
   * Default `"static"`.
   */
  provisioning?: Ipv6Provisioning;
  /**
   * Whether the kernels of devices and routers check, before they use an IPv6 address, that no other node
   * has it (duplicate address detection; RFC 4862, section 5.4). This takes about a second for each
   * address. Gateways use their addresses on LANs immediately. Default `"disabled"`: addresses are usable
   * immediately.
   */
  dad?: Ipv6Dad;
  /**
   * What sends the advertisements: Netyard itself, or radvd(8). radvd must be installed, and is two
   * processes for each router. It has no interval below 4 s, and no lifetime below the interval except
   * 0; smaller values are raised to these. Default `"builtin"`.
   */
  advertiser?: Ipv6Advertiser;
}

/** How a device gets IPv6 addresses. */
export interface DeviceIpv6Options {
  /** How it gets addresses behind routers. Default: that of the lab. */
  provisioning?: Ipv6Provisioning;
  /**
   * Whether it also has addresses that change with time, and sends from those (RFC 8981). Its router
   * must advertise. Default false.
   */
  privacy?: boolean;
}

/** What a router advertises to devices whose provisioning is `"ra"`. */
export interface RouterAdvertisementOptions {
  /** Whether it advertises at all. Default true. */
  enabled?: boolean;
  /**
   * The interval of unsolicited advertisements, in whole seconds, 1 to 1800 (MaxRtrAdvInterval of RFC 4861
   * is at least 4). Default 600.
   */
  intervalSecs?: number;
  /**
   * How long it is a default router after each one, in whole seconds, 0 to 9000. With 0 it is not a
   * default router: devices have addresses, but no default route. Default 1800.
   */
  lifetimeSecs?: number;
}

const provisioning = z.enum(["static", "ra"]);

export const ipv6OptionsSchema: Schema<Ipv6Options> = z.strictObject({
  provisioning: provisioning
    .describe(
      "How devices get addresses: from the lab (static), or from router advertisements (ra).",
    ).optional(),
  dad: z.enum(["enabled", "disabled"])
    .describe("Whether kernels check that an address is free before they use it.").optional(),
  advertiser: z.enum(["builtin", "radvd"])
    .describe("What sends the advertisements. Default builtin.").optional(),
}).meta({ table: "IPv6" });

export const deviceIpv6Schema: Schema<DeviceIpv6Options> = z.strictObject({
  provisioning: provisioning.describe("How it gets addresses. Default: as the topology says.")
    .optional(),
  privacy: z.boolean()
    .describe("Whether it sends from addresses that change with time (RFC 8981).").optional(),
}).meta({ table: "IPv6 of a device" });

export const routerAdvertisementShape: Shape<RouterAdvertisementOptions> = {
  enabled: z.boolean()
    .describe("Whether it sends advertisements to devices that use them. Default true.")
    .optional(),
  intervalSecs: z.int().min(1).max(1800)
    .describe("How often it sends one unsolicited, in seconds. Default 600.").optional(),
  lifetimeSecs: z.int().min(0).max(9000)
    .describe(
      "How long it is a default router after each one, in seconds; 0: it is not. Default 1800.",
    ).optional(),
};

export const routerAdvertisementSchema: Schema<RouterAdvertisementOptions> = z.strictObject(
  routerAdvertisementShape,
);

/** The least interval of RFC 4861, section 6.2.1, is 4 s; its defaults are these. */
export const RA_DEFAULTS: Required<RouterAdvertisementOptions> = {
  enabled: true,
  intervalSecs: 600,
  lifetimeSecs: 1800,
};
