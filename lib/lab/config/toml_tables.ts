import { z } from "zod";
import { nearest } from "../../options/nearest.ts";
import { tomlKeys, tomlSchema } from "../../toml/schema.ts";
import { camelKeys } from "../../toml/values.ts";
import {
  type Ipv6Options,
  ipv6OptionsSchema,
  routerAdvertisementShape,
} from "../options/ipv6_options.ts";
import {
  bridgeConfigShape,
  deviceConfigShape,
  interfaceConfigShape,
  regionConfigShape,
  routerConfigShape,
  vmConfigShape,
} from "./schema.ts";
import type {
  BridgeConfig,
  DeviceConfig,
  InterfaceConfig,
  RegionConfig,
  RouterConfig,
  VmConfig,
} from "./types.ts";
import type { Schema } from "../../options/schema.ts";

/**
 * The tables of a topology file, which become the parts of a `LabConfig`. Their keys derive from the
 * schemas of options; here is only what files write in another way.
 */

// The advertisements of a router are keys of its table: ra_enabled, ra_interval_secs, ...
const { routerAdvertisement: _, ...routerOptions } = routerConfigShape;
const advertisement = Object.entries(tomlKeys(routerAdvertisementShape));

const router = z.strictObject({
  ...tomlKeys(routerOptions),
  ...Object.fromEntries(advertisement.map(([key, value]) => [`ra_${key}`, value])),
}).transform((table): RouterConfig => {
  const given = advertisement.flatMap(([key]) => {
    const { [`ra_${key}`]: value, ...rest } = table;
    table = rest;
    return value === undefined ? [] : [[key, value]];
  });
  return {
    ...camelKeys(table) as unknown as RouterConfig,
    ...given.length > 0 ? { routerAdvertisement: camelKeys(Object.fromEntries(given)) } : {},
  };
});

const { interfaces: _interfaces, ...deviceOptions } = deviceConfigShape;
const deviceKeys = tomlKeys(deviceOptions);

/** The message for a key of a device that is not an option, and whose value is not a table. */
function noInterface(key: string): string {
  const keys = Object.keys(deviceKeys);
  const meant = nearest(key, keys);
  return "must be a table, as an interface is" +
    (meant === undefined ? "." : `; did you mean ${JSON.stringify(meant)}?`) +
    ` Keys: ${keys.join(", ")}`;
}

const condition = tomlSchema(interfaceConfigShape.condition);

const iface = z.strictObject({
  ...tomlKeys(interfaceConfigShape) as { [key: string]: Schema<unknown> },
  condition,
  impair: condition.describe("The older name of condition."),
}, {
  error: ({ code, path }) =>
    code === "invalid_type" ? noInterface(String(path?.at(-1) ?? "")) : undefined,
}).refine(({ condition, impair }) => condition === undefined || impair === undefined, {
  path: ["impair"],
  error: "must be left out: it is the older name of condition, which is given too",
}).transform(({ impair, ...rest }) => camelKeys({ ...rest, condition: rest.condition ?? impair }));

// A key of a device that is not an option is the name of an interface.
const device = z.object(deviceKeys)
  .catchall(iface.describe("An interface, by its name."))
  .transform((table): DeviceConfig => {
    const entries = Object.entries(table);
    const isOption = ([key]: [string, unknown]) => Object.hasOwn(deviceKeys, key);
    return {
      ...camelKeys(Object.fromEntries(entries.filter(isOption))),
      interfaces: Object.fromEntries(
        entries.filter((entry) => !isOption(entry)),
      ) as Record<string, InterfaceConfig>,
    };
  });

const vm = z.strictObject({
  ...tomlKeys(vmConfigShape),
  profile: z.string()
    .describe('What it boots: tiny, host, or a profile of netyard.toml. Default "tiny".')
    .optional(),
  // A number may be written as text, as everywhere; a text with a unit is an amount too.
  memory: z.pipe(
    vmConfigShape.memory,
    z.transform((size) => typeof size === "string" && /^\d+$/.test(size) ? Number(size) : size),
  ),
}).transform((table) => camelKeys(table) as VmConfig);

/** The tables of a topology, as the parts of a schema. */
export interface TopologyTables {
  router: z.core.$ZodType<RouterConfig[] | undefined>;
  device: z.core.$ZodType<Record<string, DeviceConfig> | undefined>;
  region: z.core.$ZodType<Record<string, RegionConfig> | undefined>;
  bridge: z.core.$ZodType<Record<string, BridgeConfig> | undefined>;
  vm: z.core.$ZodType<Record<string, VmConfig> | undefined>;
  ipv6: z.core.$ZodType<Ipv6Options | undefined>;
}

const byName = <T>(table: Schema<T>) => z.record(z.string(), table);

/** What a topology file has, and a simulation may have: to be spread into the schema of either. */
export const topologyTables: TopologyTables = {
  router: z.array(router.describe("A router.")).describe("The routers, in any order.").optional(),
  device: byName(device.describe("A device, with a table for each interface."))
    .describe("The devices by name.").optional(),
  region: byName(
    tomlSchema<RegionConfig>(z.strictObject(regionConfigShape)).describe("A region."),
  ).describe("The regions by name, with the delays between them.").optional(),
  bridge: byName(
    tomlSchema<BridgeConfig>(z.strictObject(bridgeConfigShape)).describe("A bridge."),
  ).describe("The bridges by name.").optional(),
  vm: byName(vm.describe("A virtual machine, switched off."))
    .describe("The virtual machines by name.").optional(),
  ipv6: tomlSchema(ipv6OptionsSchema).describe("How nodes get IPv6 addresses.").optional(),
};
