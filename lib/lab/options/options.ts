import { z } from "zod";
import {
  conditionSchema,
  type LinkCondition,
  linkConditionSchema,
  type LinkDirections,
} from "../../link/mod.ts";
import { LINK_ENGINE_CHOICES, type LinkEngineChoice } from "../../link/engine.ts";
import { type Firewall, firewallSchema } from "../../firewall/config.ts";
import { type PrefixDelegation, prefixDelegationSchema } from "./delegation_options.ts";
import { type Nat, natSchema } from "../../nat/config.ts";
import {
  type DeviceIpv6Options,
  deviceIpv6Schema,
  type Ipv6Options,
  ipv6OptionsSchema,
  type RouterAdvertisementOptions,
  routerAdvertisementSchema,
} from "./ipv6_options.ts";
import type { Shape } from "../../options/parse_options.ts";
import { type NatV6, natV6Schema } from "../../nat/config_v6.ts";
import { type IpSupport, type Pool, ROUTER_PRESETS, type RouterPreset } from "./router_presets.ts";

/** The handle of a router of the same lab. */
export interface RouterReference {
  /** The name of the router. */
  readonly name: string;
}

/** The handle of a bridge of the same lab. */
export interface BridgeReference {
  /** The name of the bridge. */
  readonly name: string;
}

/** The handle of a region of the same lab. */
export interface RegionReference {
  /** The name of the region. */
  readonly name: string;
}

/** How a lab is made. */
export interface LabOptions {
  /** What the lab is called in logs and output directories. Default `"lab"`. */
  label?: string;
  /**
   * Where to write events, state and logs: each lab makes a directory of its own in it. With `exact`
   * it is that directory itself, which is made if it is missing, may hold other files, and must not
   * keep another run. Default: the environment variable `NETYARD_OUTDIR`; without either, nothing is
   * written.
   */
  outDir?: string | { exact: string };
  /** Decides everything that is drawn at random. Default: drawn, and printed in `state.json`. */
  seed?: number;
  /**
   * What impairs links: the kernel's `"netem"`, Netyard's own `"emulator"`, or netem where the kernel
   * has it (`"auto"`). Default: the environment variable `NETYARD_LINK_ENGINE`, or `"auto"`.
   */
  linkEngine?: LinkEngineChoice;
  /** How IPv6 addresses come about. Default: from the lab, at once. */
  ipv6?: Ipv6Options;
}

/** How a router is made. What is left out comes from the preset; without one, see each. */
export interface RouterOptions {
  /** A real-world deployment to begin from. */
  preset?: RouterPreset;
  /** The IPv4 NAT. Default `"none"`. */
  nat?: Nat;
  /** What is done to the IPv6 addresses of what is behind it; see {@link NatV6}. Default `"none"`. */
  natV6?: NatV6;
  /**
   * Whether a NAT64 comes with a name server (DNS64, RFC 6147), on port 53 of the router: for a name
   * that has IPv4 addresses alone it answers with those in 64:ff9b::/96. It knows the lab's names, asks
   * the lab's name server for all others, and serves who is behind the router. Nodes that have no IPv4
   * ask it. Default true.
   */
  dns64?: boolean;
  /** The firewall, for both families. Default `"none"`. */
  firewall?: Firewall;
  /** The address families. Default `"dual-stack"`. */
  ipSupport?: IpSupport;
  /** The addresses behind it. Default `"private"` with a NAT, else `"public"`. */
  pool?: Pool;
  /** The router that it is behind. Default: it is on the IX, or in its region. */
  upstream?: RouterReference | string;
  /**
   * The region that it is in. Default: it is on the IX, or where its upstream is; the two options
   * exclude each other.
   */
  region?: RegionReference | string;
  /** The largest packet on its links, in bytes. Default 1500. */
  mtu?: number;
  /**
   * How bad the way from it into its LAN is, for all that is behind it together; it adds to the
   * conditions of their interfaces. Default: not at all.
   */
  downlinkCondition?: LinkCondition;
  /**
   * Makes the router a path-MTU black hole (RFC 2923, section 2.1): nobody hears that a packet is
   * too big for its links. What is small passes; a large transfer hangs. Kept back are ICMP's
   * "fragmentation needed" (RFC 1191) and ICMPv6's "packet too big" (RFC 8201):
   *
   * - what the router itself would say, and what comes through it, in either direction;
   * - about its uplink, what the exchange or the router above would say to those who send down;
   * - about its LAN, what a router behind it would say to those who send up.
   *
   * So give it to the router whose `mtu` is small: that one is enough for both directions. A router
   * with a large `mtu` keeps back what comes through it, as a firewall near the sender would.
   *
   * TCP does not hang where a device's own `mtu` is as small, for in its handshake it says what it
   * takes: put a router with a larger `mtu` between the two. What a sender has learnt of a path it
   * keeps, for ten minutes. Default false.
   */
  blockIcmpFragNeeded?: boolean;
  /** The IPv4 network behind it. Default: the next one of the pool. */
  downstreamCidr?: string;
  /**
   * Whether the IPv6 network behind it comes from its ISP by DHCPv6 prefix delegation, or whether it is
   * such an ISP. Default false: the network is the next one of the pool.
   */
  prefixDelegation?: PrefixDelegation;
  /**
   * What it tells the devices behind it whose provisioning is `"ra"`; without such a device, nothing.
   * Default: that it is their router for 1800 s, every 600 s.
   */
  routerAdvertisement?: RouterAdvertisementOptions;
}

/** How an interface of a device is made. */
export interface InterfaceOptions {
  /** The router or bridge that it is attached to. */
  gateway: RouterReference | BridgeReference | string;
  /** A particular IPv4 address. Default: the next one of the router's network. */
  ip?: string;
  /** A particular IPv6 address of the router's network. Default: the next one of it. */
  ip6?: string;
  /**
   * How bad its link is: a preset or limits, for each direction, or `{ up, down }`. Default: as good
   * as the kernel can make it.
   */
  condition?: LinkCondition | LinkDirections;
}

/** How a device is made. */
export interface DeviceOptions {
  /** Its interfaces by name, for example `{ eth0: { gateway: home } }`. Default: none yet. */
  interfaces?: Record<string, InterfaceOptions>;
  /** The interface of the default route. Default: the first that it has. */
  defaultVia?: string;
  /** The largest packet on its interfaces, in bytes. Default: that of each router. */
  mtu?: number;
  /**
   * Gives its programs IPv4 where it has none (464XLAT, RFC 6877): a link `clat` with the address
   * 192.0.0.1 and the default route of IPv4, and a translator to IPv6, from which the NAT64 of a router
   * above translates back. So it must be behind one, and have no IPv4 of its own. While it has, once it
   * moved, or while no NAT64 is above it, the link is gone. The device forwards IPv6 then, from its
   * other interfaces too. Default false.
   */
  clat?: boolean;
  /** How its IPv6 addresses come about. Default: as the lab says. */
  ipv6?: DeviceIpv6Options;
}

const routerReference: z.ZodType<RouterReference | string> = z.custom<RouterReference | string>(
  (value) => typeof value === "string" || (typeof value === "object" && value !== null),
  "a router, or the name of one",
);

const regionReference: z.ZodType<RegionReference | string> = z.custom<RegionReference | string>(
  (value) => typeof value === "string" || (typeof value === "object" && value !== null),
  "a region, or the name of one",
);

// 68 is the least that IPv4 allows (RFC 791); what IPv6 needs is checked with the families.
const mtu = z.int().min(68).max(65_535);

export const blockIcmpFragNeededSchema: z.ZodType<boolean> = z.boolean();

export const labOptionsSchema: z.ZodType<LabOptions> = z.strictObject({
  label: z.string().min(1).max(100).optional(),
  outDir: z.union([
    z.string().min(1),
    z.strictObject({ exact: z.string().min(1) }).meta({ title: "{ exact }" }),
  ]).optional(),
  seed: z.int().min(0).max(0xffffffff).optional(),
  linkEngine: z.enum(LINK_ENGINE_CHOICES).optional(),
  ipv6: ipv6OptionsSchema.optional(),
});

export const routerShape: Shape<RouterOptions> = {
  preset: z.enum(Object.keys(ROUTER_PRESETS) as [RouterPreset, ...RouterPreset[]])
    .describe("A real-world deployment to begin from.").optional(),
  nat: natSchema.describe("The IPv4 NAT. Default: that of the preset, or none.").optional(),
  natV6: natV6Schema
    .describe(
      "The translation of the IPv6 addresses behind it. Default: that of the preset, or none.",
    ).optional(),
  dns64: z.boolean()
    .describe("Whether a NAT64 comes with a name server (RFC 6147). Default true.").optional(),
  firewall: firewallSchema
    .describe("The firewall, for both families. Default: that of the preset, or none.").optional(),
  ipSupport: z.enum(["v4-only", "v6-only", "dual-stack"])
    .describe("The address families. Default: those of the preset, or dual-stack.").optional(),
  pool: z.enum(["public", "private"])
    .describe("The addresses behind it. Default: private with a NAT, else public.").optional(),
  upstream: routerReference.optional(),
  region: regionReference.optional(),
  mtu: mtu.describe("The largest packet on its links, in bytes. Default 1500.").optional(),
  downlinkCondition: conditionSchema
    .describe("The condition of the direction into its LAN, shared by all members.").optional(),
  blockIcmpFragNeeded: blockIcmpFragNeededSchema
    .describe("Makes it a path-MTU black hole: no sender learns that a packet is too big.")
    .optional(),
  downstreamCidr: z.string()
    .describe("The IPv4 network behind it. Default: the next one of the pool.").optional(),
  prefixDelegation: prefixDelegationSchema
    .describe(
      "Requests its IPv6 network from its ISP by DHCPv6 (true, or { length }), or makes it such an " +
        "ISP ({ pool }).",
    ).optional(),
  routerAdvertisement: routerAdvertisementSchema.optional(),
};

export const routerOptionsSchema: z.ZodType<RouterOptions> = z.strictObject(routerShape);

export const interfaceShape: Shape<InterfaceOptions> = {
  gateway: routerReference,
  ip: z.string()
    .describe("A particular IPv4 address. Default: the next one of the network.").optional(),
  ip6: z.string()
    .describe("A particular IPv6 address. Default: the next one of the network.").optional(),
  condition: linkConditionSchema
    .describe(
      "The condition of its link: a preset or limits, for both directions, or { up, down }. " +
        "Default: unimpaired.",
    ).optional(),
};

export const interfaceOptionsSchema: z.ZodType<InterfaceOptions> = z.strictObject(interfaceShape);

export const deviceShape: Shape<DeviceOptions> = {
  interfaces: z.record(z.string(), interfaceOptionsSchema).optional(),
  defaultVia: z.string()
    .describe("The interface of the default route. Default: the first.").optional(),
  mtu: mtu.describe("The largest packet on its interfaces, in bytes. Default: that of each router.")
    .optional(),
  clat: z.boolean()
    .describe("Whether IPv4 programs work on it behind a NAT64 (RFC 6877). Default false.")
    .optional(),
  ipv6: deviceIpv6Schema.describe("How it gets its IPv6 addresses.").optional(),
};

export const deviceOptionsSchema: z.ZodType<DeviceOptions> = z.strictObject(deviceShape);
