import { z } from "zod";
import { regionLinkSchema } from "../../link/mod.ts";
import { milliseconds, percent } from "../../link/units.ts";
import { bitsPerSecond } from "../options/bridge_options.ts";
import type { LabConfig } from "./types.ts";
import { ipv6OptionsSchema } from "../options/ipv6_options.ts";
import { deviceShape, interfaceShape, routerShape } from "../options/options.ts";
import { vmShape } from "../options/vm_options.ts";

/** How many there may be of a counted device. */
export const MAX_COUNT = 1000;

const nameOf = (what: string) => z.string(`must be the name of ${what}`);

/** What a {@linkcode LabConfig} may be, name by name; who they are is another matter. */
export const labConfigSchema: z.ZodType<LabConfig> = z.strictObject({
  regions: z.record(
    z.string(),
    z.strictObject({
      latencies: z.record(z.string(), z.union([milliseconds, regionLinkSchema])).optional(),
    }),
  ).optional(),
  routers: z.array(z.strictObject({
    name: z.string(),
    ...routerShape,
    upstream: nameOf("a router").optional(),
    region: nameOf("a region").optional(),
  })).optional(),
  bridges: z.record(
    z.string(),
    z.strictObject({
      latencyMs: milliseconds.optional(),
      dropRatePct: percent.optional(),
      bandwidthBps: bitsPerSecond.optional(),
      routes: z.array(nameOf("a bridge, or of a router")).optional(),
    }),
  ).optional(),
  devices: z.record(
    z.string(),
    z.strictObject({
      ...deviceShape,
      interfaces: z.record(
        z.string(),
        z.strictObject({
          ...interfaceShape,
          gateway: nameOf("a router or bridge"),
        }),
      ).optional(),
      count: z.int().min(1).max(MAX_COUNT).optional(),
    }),
  ).optional(),
  vms: z.record(
    z.string(),
    z.strictObject({ ...vmShape, bridges: z.array(nameOf("a bridge, or of a router")).optional() }),
  ).optional(),
  ipv6: ipv6OptionsSchema.optional(),
});
