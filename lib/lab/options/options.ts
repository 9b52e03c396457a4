/**
 * The options of everything in a lab: their types, schemas and presets, and the checks that need no lab,
 * only options. Imports the domains (`link`, `nat`, `firewall`, `vm`) for their options, and nothing
 * else of the lab. Begin here; `checks.ts` has what options must be together.
 *
 * @module
 */
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
import { type RecordOptions, recordSchema } from "../../record/options.ts";
import type { Shape } from "../../options/parse_options.ts";
import { type NatV6, natV6Schema } from "../../nat/config_v6.ts";
import { type IpSupport, type Pool, ROUTER_PRESETS, type RouterPreset } from "./router_presets.ts";
import type { Schema } from "../../options/schema.ts";

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

/** The options of a lab. */
export interface LabOptions {
  /** The name of the lab in logs and output directories. Default `"lab"`. */
  label?: string;
  /**
   * Where to write events, state, logs, and the telemetry of programs: each lab creates a directory of its own in it. With `exact`
   * the lab uses that directory itself: it is created if it is missing, may hold other files, but not
   * another run. Default: the environment variable `NETYARD_OUTDIR`; without either, nothing is
   * written.
   */
  outDir?: string | { exact: string };
  /**
   * The seed of all random decisions. Default: the environment variable `NETYARD_SEED`, or random;
   * `state.json` has it.
   */
  seed?: number;
  /**
   * What impairs links: the kernel's `"netem"`, Netyard's own `"emulator"`, or netem if the kernel
   * has it, else the emulator (`"auto"`). Default: the environment variable `NETYARD_LINK_ENGINE`, or `"auto"`.
   */
  linkEngine?: LinkEngineChoice;
  /** How nodes get IPv6 addresses. Default: from the lab, immediately. */
  ipv6?: Ipv6Options;
  /**
   * What is recorded in the lab's directory besides events, state and logs.
   *
   * - `"off"`: nothing.
   * - `"events"`: `run.json`, which says what ran and how it ended, and `counters.jsonl`: the counters of
   *   interfaces, impaired links, NATs and firewalls, and how busy the host is.
   * - `"full"`: that, and captures of all interfaces, with the TLS secrets of the programs in the nodes.
   *
   * - `"on-failure"`, in a script: as `"full"`, with the newest 4 MiB of packets of each interface and 32 MiB
   *   in all, and the record is kept only if the script fails: a directory and a zip file with the error and
   *   its source, a drawing of the topology, all events, the packets, the programs' output, the seed and the
   *   versions. The standard error names it. It is in the directory that the
   *   environment variable `NETYARD_FAILURES` names, or in `.netyard-work/failures`, where the newest 20 stay.
   *   The record of a script that ends well is removed, unless there is an `outDir`.
   *
   *   A script fails if an error or a rejected promise that nothing catches ends it, or if its exit code is not
   *   0 when it ends, also by `Deno.exit()`. What it catches, and the end by a signal, do not count. An error that
   *   nothing catches ends the script a little later, when the record is written; a listener of `error` or
   *   `unhandledrejection` that prevents the default must be added before the lab is made. Records are kept of
   *   the labs that are open then, and of those that were closed since the last one was made. In a `labTest`,
   *   the test counts in place of the script.
   *
   * Default: the environment variable `NETYARD_RECORD`; without either `"events"`, or `"off"` if the lab has no
   * directory. `lib/record/README.md` describes the files.
   */
  record?: RecordOptions | "on-failure";
}

/** The options of a router. Those left out come from the preset; without a preset, see each. */
export interface RouterOptions {
  /** A real-world deployment to begin from. */
  preset?: RouterPreset;
  /** The IPv4 NAT. Default `"none"`. */
  nat?: Nat;
  /** The translation of its LAN's IPv6 addresses; see {@link NatV6}. Default `"none"`. */
  natV6?: NatV6;
  /**
   * Whether a NAT64 comes with a name server (DNS64, RFC 6147) on port 53 of the router: for a name
   * that has only IPv4 addresses it answers with those in 64:ff9b::/96. It knows the lab's names, asks
   * the lab's name server for all others, and serves downstream nodes. Nodes without IPv4 use it.
   * Default true.
   */
  dns64?: boolean;
  /** The firewall, for both families. Default `"none"`. */
  firewall?: Firewall;
  /** The address families. Default `"dual-stack"`. */
  ipSupport?: IpSupport;
  /** The pool of its LAN's addresses. Default `"private"` with a NAT, else `"public"`. */
  pool?: Pool;
  /** The upstream router. Default: none; it is on the IX, or in its region. */
  upstream?: RouterReference | string;
  /**
   * Its region; not together with `upstream`. Default: none, or that of its upstream.
   */
  region?: RegionReference | string;
  /** The largest packet on its links, in bytes. Default 1500. */
  mtu?: number;
  /**
   * The condition of the direction into its LAN, which all members share; it adds to the conditions of
   * their interfaces. Default: unimpaired.
   */
  downlinkCondition?: LinkCondition;
  /**
   * Makes the router a path-MTU black hole (RFC 2923, section 2.1): no sender learns that a packet is
   * too big for its links. Small packets pass; a large transfer hangs. These messages, "fragmentation
   * needed" of ICMP (RFC 1191) and "packet too big" of ICMPv6 (RFC 8201), are dropped:
   *
   * - those of the router itself, and those that pass it, in either direction;
   * - about its uplink, those of the IX or the upstream router to hosts that send downstream;
   * - about its LAN, those of a downstream router to hosts that send upstream.
   *
   * So set it on the router whose `mtu` is small: that one is enough for both directions. A router
   * with a large `mtu` drops the messages that pass it, as a firewall near the sender would.
   *
   * TCP does not hang if the device's own `mtu` is as small, since its handshake announces what it
   * accepts: put a router with a larger `mtu` between the two. A sender remembers what it learnt about
   * a path for ten minutes. Default false.
   */
  blockIcmpFragNeeded?: boolean;
  /** The IPv4 network of its LAN. Default: the next one of the pool. */
  downstreamCidr?: string;
  /**
   * Whether its LAN gets its IPv6 network from its ISP by DHCPv6 prefix delegation, or whether it is
   * such an ISP. Default false: the network is the next one of the pool.
   */
  prefixDelegation?: PrefixDelegation;
  /**
   * What it advertises to devices in its LAN whose provisioning is `"ra"`; without such a device,
   * nothing. Default: that it is their router for 1800 s, every 600 s.
   */
  routerAdvertisement?: RouterAdvertisementOptions;
}

/** The options of an interface of a device. */
export interface InterfaceOptions {
  /** The router or bridge that it is attached to. */
  gateway: RouterReference | BridgeReference | string;
  /** A particular IPv4 address. Default: the next one of the router's network. */
  ip?: string;
  /** A particular IPv6 address of the router's network. Default: the next one of it. */
  ip6?: string;
  /**
   * The condition of its link: a preset or limits, for both directions, or `{ up, down }`. Default:
   * unimpaired.
   */
  condition?: LinkCondition | LinkDirections;
}

/** The options of a device. */
export interface DeviceOptions {
  /** Its interfaces by name, for example `{ eth0: { gateway: home } }`. Default: none yet. */
  interfaces?: Record<string, InterfaceOptions>;
  /** The interface of the default route. Default: its first. */
  defaultVia?: string;
  /** The largest packet on its interfaces, in bytes. Default: that of each router. */
  mtu?: number;
  /**
   * Gives its programs IPv4 on an IPv6-only network (464XLAT, RFC 6877): a link `clat` with the address
   * 192.0.0.1 and the default route of IPv4, and a translator to IPv6, from which the NAT64 of an
   * upstream router translates back. So the device must be behind a NAT64, and have no IPv4 of its own.
   * While it has IPv4, after a move, or no NAT64 upstream, the link is removed. With the link the device
   * forwards IPv6, from its other interfaces too. Default false.
   */
  clat?: boolean;
  /** How it gets its IPv6 addresses. Default: as the lab's options say. */
  ipv6?: DeviceIpv6Options;
}

const routerReference: Schema<RouterReference | string> = z.custom<RouterReference | string>(
  (value) => typeof value === "string" || (typeof value === "object" && value !== null),
  "a router, or the name of one",
);

const regionReference: Schema<RegionReference | string> = z.custom<RegionReference | string>(
  (value) => typeof value === "string" || (typeof value === "object" && value !== null),
  "a region, or the name of one",
);

// 68 is the minimum of IPv4 (RFC 791); checkRouterMtu() and checkMtu() check that of IPv6.
const mtu = z.int().min(68).max(65_535);

export const blockIcmpFragNeededSchema: Schema<boolean> = z.boolean();

/** The largest seed of a lab. */
export const MAX_SEED = 0xffff_ffff;

export const labOptionsSchema: Schema<LabOptions> = z.strictObject({
  label: z.string().min(1).max(100).optional(),
  outDir: z.union([
    z.string().min(1),
    z.strictObject({ exact: z.string().min(1) }).meta({ title: "{ exact }" }),
  ]).optional(),
  seed: z.int().min(0).max(MAX_SEED).optional(),
  linkEngine: z.enum(LINK_ENGINE_CHOICES).optional(),
  ipv6: ipv6OptionsSchema.optional(),
  record: recordSchema.optional(),
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

export const routerOptionsSchema: Schema<RouterOptions> = z.strictObject(routerShape);

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

export const interfaceOptionsSchema: Schema<InterfaceOptions> = z.strictObject(interfaceShape);

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

export const deviceOptionsSchema: Schema<DeviceOptions> = z.strictObject(deviceShape);
