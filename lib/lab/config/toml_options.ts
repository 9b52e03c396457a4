import { z } from "zod";
import type { Firewall, PortPolicy } from "../../firewall/config.ts";
import {
  LINK_PRESETS,
  type LinkCondition,
  type LinkDirections,
  type LinkPreset,
  type RegionLink,
} from "../../link/mod.ts";
import { milliseconds, percent, rateKbit } from "../../link/units.ts";
import type { EndpointDependence, Nat, NatPreset } from "../../nat/config.ts";
import {
  delegatedLengthSchema,
  lifetimeSchema,
  ONLY_OF_POOLS,
  type PrefixDelegation,
} from "../options/delegation_options.ts";
import { camelKeys, tomlBoolean, tomlNumber } from "../../toml/values.ts";

/**
 * What links, NATs and firewalls are called in TOML files, and the options that they become. The keys
 * are those of the options with underscores; a number may be written as a text.
 */

const PRESET_NAMES = Object.keys(LINK_PRESETS) as [LinkPreset, ...LinkPreset[]];

const latency = tomlNumber(milliseconds).describe("One-way delay, in milliseconds.");
const jitter = tomlNumber(milliseconds)
  .describe("The delay varies by up to so many milliseconds either way, evenly.");
const loss = tomlNumber(percent).describe("Packets that are lost, in percent.");
const rate = tomlNumber(rateKbit)
  .describe("The bit rate, in kbit/s: 0 for unlimited, else 1 to 100000000.");

const limits = {
  rate_kbit: rate.optional(),
  loss_pct: loss.optional(),
  latency_ms: latency.optional(),
  jitter_ms: jitter.optional(),
  reorder_pct: tomlNumber(percent)
    .describe("Packets that are sent without the delay, and so overtake others, in percent.")
    .optional(),
  duplicate_pct: tomlNumber(percent).describe("Packets that arrive twice, in percent.").optional(),
  corrupt_pct: tomlNumber(percent)
    .describe("Packets of which one bit is flipped, in percent.").optional(),
};

const preset = z.enum(PRESET_NAMES).describe("A condition that comes ready-made.");

/** A condition of one direction. */
export const oneWayConditionToml: z.ZodType<LinkCondition> = z.union([
  preset,
  z.strictObject(limits).meta({ title: "link condition" }).transform(camelKeys),
]);

// One table for both: of a union's, zod would explain the one that merely does not know a key.
const limitsOrDirections = z.strictObject({
  ...limits,
  up: oneWayConditionToml.describe("The condition of what the interface sends.").optional(),
  down: oneWayConditionToml.describe("The condition of what it receives.").optional(),
}).meta({ title: "link condition" }).refine(
  ({ up, down, ...both }) =>
    (up === undefined && down === undefined) ||
    Object.values(both).every((value) => value === undefined),
  "must have either limits for both directions, or those of each in up and down",
).transform(camelKeys);

/** A condition of both directions, or of each apart. */
export const conditionToml: z.ZodType<LinkCondition | LinkDirections> = z.union([
  preset,
  limitsOrDirections,
]);

/** A link between regions: its one-way latency, or more of it. */
export const regionLinkToml: z.ZodType<number | RegionLink> = z.union([
  latency,
  z.strictObject({
    latency_ms: limits.latency_ms,
    jitter_ms: limits.jitter_ms,
    loss_pct: limits.loss_pct,
    rate_kbit: limits.rate_kbit,
  }).meta({ title: "region link" }).transform(camelKeys),
]);

const dependence: z.ZodType<EndpointDependence> = z.enum([
  "endpoint-independent",
  "address-dependent",
  "address-and-port-dependent",
]);

const NAT_PRESETS = ["none", "home", "corporate", "cgnat", "cloud-nat", "full-cone"] as const;

const seconds = (what: string) =>
  tomlNumber(z.int().min(1).max(432_000)).describe(`${what}, in seconds.`).optional();

const natTimeouts = z.strictObject({
  udp_secs: seconds("How long UDP without an answer keeps its mapping"),
  udp_stream_secs: seconds("How long UDP with traffic both ways keeps it"),
  tcp_established_secs: seconds("How long an idle TCP connection keeps it"),
  tcp_transitory_secs: seconds("How long a TCP connection that is opened or closed keeps it"),
}).meta({ title: "NAT timeouts" }).transform(camelKeys);

/** The IPv4 NAT of a router. */
export const natToml: z.ZodType<Nat> = z.union([
  z.enum(NAT_PRESETS satisfies readonly NatPreset[]).describe("A NAT that comes ready-made."),
  z.strictObject({
    mapping: dependence.describe("Which destinations share an external port (RFC 4787, 4.1).")
      .optional(),
    filtering: dependence.describe("Whose packets may come in by a mapping (RFC 4787, 5).")
      .optional(),
    port_preservation: tomlBoolean().describe("Whether the internal port is kept where it is free.")
      .optional(),
    hairpin: tomlBoolean()
      .describe("Whether hosts inside reach each other by external addresses.").optional(),
    timeouts: natTimeouts.describe("When idle mappings end.").optional(),
  }).meta({ title: "NAT" }).transform(camelKeys),
]);

const policy = z.enum(["allow", "block"]);

const ports: z.ZodType<PortPolicy> = z.union([
  policy,
  z.array(tomlNumber(z.int().min(1).max(65_535))),
]);

const outbound = z.strictObject({
  tcp: ports.describe("Destination ports of TCP.").optional(),
  udp: ports.describe("Destination ports of UDP.").optional(),
  icmp: policy.describe("ICMP and ICMPv6.").optional(),
  other: policy.describe("Every other protocol.").optional(),
}).meta({ title: "outbound" });

/** The firewall of a router, for both families. */
export const firewallToml: z.ZodType<Firewall> = z.union([
  z.enum(["none", "block-inbound", "corporate", "captive-portal"])
    .describe("A firewall that comes ready-made."),
  z.strictObject({
    inbound: policy.describe("What comes from outside and answers nothing.").optional(),
    outbound: outbound.describe("What hosts inside may start towards the outside.").optional(),
  }).meta({ title: "firewall" }),
]);

const lifetime = (what: string) =>
  tomlNumber(lifetimeSchema).describe(`${what}, in seconds.`).optional();

/** What a router has to do with prefix delegation. */
export const prefixDelegationToml: z.ZodType<PrefixDelegation> = z.union([
  tomlBoolean(),
  z.strictObject({
    pool: z.string()
      .describe(
        'The IPv6 network of which it hands out parts, or "auto". Default: it asks for one.',
      )
      .optional(),
    length: tomlNumber(delegatedLengthSchema)
      .describe("The prefix length that it wishes, or hands out. Default 56.").optional(),
    preferred_secs: lifetime("How long each is good for new connections"),
    valid_secs: lifetime("How long each may be used at all"),
  }).meta({ title: "prefix delegation" }).refine(
    ({ pool, preferred_secs: preferred, valid_secs: valid }) =>
      pool !== undefined || (preferred === undefined && valid === undefined),
    { path: ["preferred_secs"], error: ONLY_OF_POOLS },
  ).transform((option) => camelKeys(option) as PrefixDelegation),
]);
