import { z } from "zod";
import { nearest } from "../../options/nearest.ts";
import { milliseconds, percent } from "../../link/units.ts";
import { camelKeys, tomlBoolean, tomlNumber } from "../../toml/values.ts";
import { natV6Schema } from "../../nat/config_v6.ts";
import { ACCEL_CHOICES } from "../../vm/options/acceleration.ts";
import { bitsPerSecond } from "../options/bridge_options.ts";
import type {
  BridgeConfig,
  DeviceConfig,
  InterfaceConfig,
  RegionConfig,
  RouterConfig,
  VmConfig,
} from "./types.ts";
import { MAX_COUNT } from "./schema.ts";
import { deviceIpv6Toml, ipv6Toml, raIntervalToml, raLifetimeToml } from "./toml_ipv6.ts";
import type { Ipv6Options } from "../options/ipv6_options.ts";
import { mtuSchema } from "../options/options.ts";
import {
  type IpSupport,
  type Pool,
  ROUTER_PRESETS,
  type RouterPreset,
} from "../options/router_presets.ts";
import {
  conditionToml,
  firewallToml,
  natToml,
  oneWayConditionToml,
  prefixDelegationToml,
  regionLinkToml,
} from "./toml_options.ts";

/** The tables of a topology file; what they become are the parts of a `LabConfig`. */

const PRESETS = Object.keys(ROUTER_PRESETS) as [RouterPreset, ...RouterPreset[]];

const text = (description: string) => z.string().describe(description);

const router: z.ZodType<RouterConfig> = z.strictObject({
  name: text("Its name, unique in the topology: 1 to 32 of a-z, 0-9 and -."),
  preset: z.enum(PRESETS).describe("A real-world deployment to begin from.").optional(),
  nat: natToml.describe("The IPv4 NAT. Default: that of the preset, or none.").optional(),
  firewall: firewallToml
    .describe("The firewall, for both families. Default: that of the preset, or none.").optional(),
  nat_v6: natV6Schema
    .describe("What is done to IPv6 addresses behind it. Default: that of the preset, or none.")
    .optional(),
  dns64: tomlBoolean()
    .describe("Whether a NAT64 comes with a name server (RFC 6147). Default: true.").optional(),
  ip_support: z.enum(["v4-only", "v6-only", "dual-stack"] satisfies IpSupport[])
    .describe("The address families. Default: those of the preset, or dual-stack.").optional(),
  pool: z.enum(["public", "private"] satisfies Pool[])
    .describe("The addresses behind it. Default: private with a NAT, else public.").optional(),
  upstream: text("The router that it is behind. Default: it is on the exchange, or in its region.")
    .optional(),
  region: text("The region that it is in. Default: it is on the exchange.").optional(),
  mtu: tomlNumber(mtuSchema).describe("The largest packet on its links, in bytes. Default 1500.")
    .optional(),
  downlink_condition: oneWayConditionToml
    .describe("How bad the way into its LAN is, for all that is behind it together.").optional(),
  block_icmp_frag_needed: tomlBoolean()
    .describe("Makes it a path-MTU black hole: nobody hears that a packet is too big.").optional(),
  downstream_cidr: text("The IPv4 network behind it. Default: the next one of the pool.")
    .optional(),
  prefix_delegation: prefixDelegationToml
    .describe(
      "Whether its IPv6 network comes from its ISP by DHCPv6: true, or { length }; or that it is such " +
        "an ISP: { pool }.",
    ).optional(),
  ra_enabled: tomlBoolean()
    .describe("Whether it advertises to devices that listen to it. Default true.").optional(),
  ra_interval_secs: raIntervalToml.optional(),
  ra_lifetime_secs: raLifetimeToml.optional(),
}).transform(camelKeys).transform(
  ({ raEnabled: enabled, raIntervalSecs: intervalSecs, raLifetimeSecs: lifetimeSecs, ...rest }) => {
    const given = Object.entries({ enabled, intervalSecs, lifetimeSecs })
      .filter(([, value]) => value !== undefined);
    if (given.length === 0) return rest;
    return { ...rest, routerAdvertisement: Object.fromEntries(given) };
  },
);

const DEVICE = {
  count: tomlNumber(z.int().min(1).max(MAX_COUNT))
    .describe("How many there are of it: more than one are called NAME-0, NAME-1, ... Default 1.")
    .optional(),
  default_via: text("The interface of the default route. Default: the first.").optional(),
  mtu: tomlNumber(mtuSchema)
    .describe("The largest packet on its interfaces, in bytes. Default: that of each router.")
    .optional(),
  clat: tomlBoolean()
    .describe("Whether IPv4 programs work on it behind a NAT64 (RFC 6877). Default: false.")
    .optional(),
  ipv6: deviceIpv6Toml.optional(),
};

/** What is said of a device's key that is neither one of these nor a table. */
function noInterface(key: string): string {
  const keys = Object.keys(DEVICE);
  const meant = nearest(key, keys);
  return "must be a table, as an interface is" +
    (meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`) +
    `${meant === undefined ? "." : ""} Keys: ${keys.join(", ")}`;
}

const condition = conditionToml.describe(
  "How bad its link is: a preset or limits, for each direction, or { up, down }. Default: as good " +
    "as can be.",
);

const iface: z.ZodType<InterfaceConfig> = z.strictObject({
  gateway: text("The router or bridge that it is attached to."),
  ip: text("A particular IPv4 address. Default: the next one of the network.").optional(),
  ip6: text("A particular IPv6 address. Default: the next one of the network.").optional(),
  condition: condition.optional(),
  impair: condition.describe("The older name of condition.").optional(),
}, {
  error: ({ code, path }) =>
    code === "invalid_type" ? noInterface(String(path?.at(-1) ?? "")) : undefined,
}).refine(({ condition, impair }) => condition === undefined || impair === undefined, {
  path: ["impair"],
  error: "must be left out: there is condition, of which it is the older name",
}).transform(({ impair, ...rest }) => camelKeys({ ...rest, condition: rest.condition ?? impair }));

const device: z.ZodType<DeviceConfig> = z.object(DEVICE)
  .catchall(iface.describe("An interface, by its name."))
  .transform(({ count, default_via, mtu, clat, ipv6, ...interfaces }) => ({
    ...camelKeys({ count, default_via, mtu, clat, ipv6 }),
    interfaces: interfaces as Record<string, InterfaceConfig>,
  }));

const region: z.ZodType<RegionConfig> = z.strictObject({
  latencies: z.record(z.string(), regionLinkToml)
    .describe("Links to other regions by name: the one-way latency in milliseconds, or more of it.")
    .optional(),
});

const bridge: z.ZodType<BridgeConfig> = z.strictObject({
  latency_ms: tomlNumber(milliseconds)
    .describe("How long each frame on it is delayed, one way, in milliseconds. Default 0.")
    .optional(),
  drop_rate_pct: tomlNumber(percent)
    .describe("Frames on it that are lost, in percent. Default 0.").optional(),
  bandwidth_bps: tomlNumber(bitsPerSecond)
    .describe(
      "The bit rate of all that passes it together, in bits per second. Default 0: unlimited.",
    )
    .optional(),
  routes: z.array(z.string())
    .describe("The bridges, and routers for their LANs, that it is routed to.").optional(),
}).transform(camelKeys);

const vm: z.ZodType<VmConfig> = z.strictObject({
  profile: text('What it boots: tiny, host, or a profile of netyard.toml. Default "tiny".')
    .optional(),
  memory: z.union([z.string(), z.number()])
    // As elsewhere, a number may be written as a text.
    .transform((size) => typeof size === "string" && /^\d+$/.test(size) ? Number(size) : size)
    .describe('Its memory: "256M", "1G", or bytes. Default: what the profile needs.').optional(),
  cpus: tomlNumber(z.int().min(1).max(64))
    .describe("Its processors. Default: those of the profile, mostly 1.").optional(),
  bridges: z.array(z.string())
    .describe("What it is attached to: bridges, or routers for their LANs.").optional(),
  accel: z.enum(ACCEL_CHOICES)
    .describe("What runs the guest's instructions. Default auto: KVM where it works, else TCG.")
    .optional(),
  boot_cache: tomlBoolean()
    .describe("Whether it may resume from a machine of its kind that has booted. Default true.")
    .optional(),
}).transform(camelKeys);

/** The tables of a topology, as the parts of a schema. */
export interface TopologyTables {
  router: z.ZodType<RouterConfig[] | undefined>;
  device: z.ZodType<Record<string, DeviceConfig> | undefined>;
  region: z.ZodType<Record<string, RegionConfig> | undefined>;
  bridge: z.ZodType<Record<string, BridgeConfig> | undefined>;
  vm: z.ZodType<Record<string, VmConfig> | undefined>;
  ipv6: z.ZodType<Ipv6Options | undefined>;
}

/** What a topology file has, and a simulation may have: to be spread into the schema of either. */
export const topologyTables: TopologyTables = {
  router: z.array(router.describe("A router."))
    .describe("The routers, in any order.").optional(),
  device: z.record(z.string(), device.describe("A device, with a table for each interface."))
    .describe("The devices by name.").optional(),
  region: z.record(z.string(), region.describe("A region."))
    .describe("The regions by name, which are apart by latencies.").optional(),
  bridge: z.record(z.string(), bridge.describe("A bridge."))
    .describe("The bridges by name.").optional(),
  vm: z.record(z.string(), vm.describe("A virtual machine, switched off."))
    .describe("The virtual machines by name.").optional(),
  ipv6: ipv6Toml.optional(),
};
