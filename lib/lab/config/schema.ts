import { z } from "zod";
import { regionLinkSchema } from "../../link/mod.ts";
import { milliseconds, percent } from "../../link/units.ts";
import type { Shape } from "../../options/parse_options.ts";
import { bitsPerSecond } from "../options/bridge_options.ts";
import { ipv6OptionsSchema } from "../options/ipv6_options.ts";
import { deviceShape, interfaceShape, routerShape } from "../options/options.ts";
import { vmShape } from "../options/vm_options.ts";
import type {
  BridgeConfig,
  DeviceConfig,
  InterfaceConfig,
  LabConfig,
  RegionConfig,
  RouterConfig,
  VmConfig,
} from "./types.ts";
import type { Schema } from "../../options/schema.ts";

/**
 * The schemas of a {@linkcode LabConfig} and of its parts; those of TOML files derive from them.
 * Whether each name is that of something is checked later, in `plan.ts`.
 */

const nameOf = (what: string) => z.string(`must be the name of ${what}`);

const lanNames = z.array(nameOf("a router or bridge"));

export const regionConfigShape: Shape<RegionConfig> = {
  latencies: z.record(
    z.string(),
    z.union([milliseconds.describe("One-way delay, in milliseconds."), regionLinkSchema]),
  ).describe("Links to other regions by name: the one-way delay in milliseconds, or a whole link.")
    .optional(),
};

export const routerConfigShape: Shape<RouterConfig> = {
  name: z.string().describe("Its name, unique in the topology: 1 to 32 of a-z, 0-9 and -."),
  ...routerShape,
  upstream: nameOf("a router")
    .describe("The router that it is behind. Default: it is on the IX, or in its region.")
    .optional(),
  region: nameOf("a region").describe("The region that it is in. Default: it is on the IX.")
    .optional(),
};

export const bridgeConfigShape: Shape<BridgeConfig> = {
  latencyMs: milliseconds
    .describe("How long each frame on it is delayed, one way, in milliseconds. Default 0.")
    .optional(),
  dropRatePct: percent.describe("Frames on it that are lost, in percent. Default 0.").optional(),
  bandwidthBps: bitsPerSecond
    .describe("The bit rate that all frames on it share, in bits per second. Default 0: unlimited.")
    .optional(),
  routes: lanNames.describe("The bridges, and routers for their LANs, that it is routed to.")
    .optional(),
};

export const interfaceConfigShape: Shape<InterfaceConfig> = {
  ...interfaceShape,
  gateway: nameOf("a router or bridge")
    .describe("The router or bridge that it is attached to."),
};

export const deviceConfigShape: Shape<DeviceConfig> = {
  count: z.int().min(1).max(1000)
    .describe(
      "How many devices there are: more than one are called NAME-0, NAME-1, ... Default 1.",
    ).optional(),
  ...deviceShape,
  interfaces: z.record(z.string(), z.strictObject(interfaceConfigShape)).optional(),
};

export const vmConfigShape: Shape<VmConfig> = {
  ...vmShape,
  bridges: lanNames.describe("What it is attached to: bridges, or routers for their LANs.")
    .optional(),
};

export const labConfigSchema: Schema<LabConfig> = z.strictObject({
  regions: z.record(z.string(), z.strictObject(regionConfigShape)).optional(),
  routers: z.array(z.strictObject(routerConfigShape)).optional(),
  bridges: z.record(z.string(), z.strictObject(bridgeConfigShape)).optional(),
  devices: z.record(z.string(), z.strictObject(deviceConfigShape)).optional(),
  vms: z.record(z.string(), z.strictObject(vmConfigShape)).optional(),
  ipv6: ipv6OptionsSchema.optional(),
});
