import { z } from "zod";
import { tomlBoolean, tomlNumber } from "../../toml/values.ts";
import {
  type DeviceIpv6Options,
  type Ipv6Options,
  raIntervalSchema,
  raLifetimeSchema,
} from "../options/ipv6_options.ts";

/** What IPv6 is called in TOML files. */

const provisioning = z.enum(["static", "ra"]);

/** The table `ipv6` of a topology. */
export const ipv6Toml: z.ZodType<Ipv6Options> = z.strictObject({
  provisioning: provisioning
    .describe("How devices get addresses: from the lab (static), or of router advertisements (ra).")
    .optional(),
  dad: z.enum(["enabled", "disabled"])
    .describe("Whether kernels look if somebody has an address before they use it.").optional(),
  advertiser: z.enum(["builtin", "radvd"])
    .describe("What sends the advertisements. Default builtin.").optional(),
}).meta({ title: "IPv6" }).describe("How IPv6 addresses come about.");

/** The key `ipv6` of a device. */
export const deviceIpv6Toml: z.ZodType<DeviceIpv6Options> = z.strictObject({
  provisioning: provisioning.describe("How it gets addresses. Default: as the topology says.")
    .optional(),
  privacy: tomlBoolean()
    .describe("Whether it sends from addresses that change with time (RFC 8981).").optional(),
}).meta({ title: "IPv6 of a device" }).describe("How its IPv6 addresses come about.");

/** How often a router advertises. */
export const raIntervalToml: z.ZodType<number> = tomlNumber(raIntervalSchema)
  .describe("How often it advertises without being asked, in seconds. Default 600.");

/** How long a router is one after that. */
export const raLifetimeToml: z.ZodType<number> = tomlNumber(raLifetimeSchema)
  .describe("How long it is a default router after that, in seconds; 0: it is none. Default 1800.");
