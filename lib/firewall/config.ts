import { z } from "zod";
import type { Schema } from "../options/schema.ts";

/** The ports that are reachable: all, none, or those listed. */
export type PortPolicy = "allow" | "block" | number[];

/** A firewall built from its policies. Omitted policies allow. */
export interface FirewallConfig {
  /**
   * Flows that external hosts begin: accepted, or dropped (RFC 6092 calls the latter simple
   * security). Default `"allow"`. A packet that enters through a mapping of the NAT always passes: the
   * NAT's filtering decided about it.
   */
  inbound?: "allow" | "block";
  /** Flows that internal hosts begin to external ones. */
  outbound?: {
    /** Destination ports of TCP. Default `"allow"`. */
    tcp?: PortPolicy;
    /** Destination ports of UDP. Default `"allow"`. */
    udp?: PortPolicy;
    /** ICMP and ICMPv6, mainly ping. Default `"allow"`. */
    icmp?: "allow" | "block";
    /** All other protocols. Default `"allow"`. */
    other?: "allow" | "block";
  };
}

/** The names of the firewall presets. */
export type FirewallPreset = "none" | "block-inbound" | "corporate" | "captive-portal";

/** The firewall of a router: a preset or its policies. */
export type Firewall = FirewallPreset | FirewallConfig;

/** A {@link FirewallConfig} with every default filled in. */
export interface ResolvedFirewall {
  inbound: "allow" | "block";
  outbound: {
    tcp: PortPolicy;
    udp: PortPolicy;
    icmp: "allow" | "block";
    other: "allow" | "block";
  };
}

const PRESETS: Record<FirewallPreset, FirewallConfig> = {
  none: {},
  "block-inbound": { inbound: "block" },
  corporate: { inbound: "block", outbound: { tcp: [80, 443], udp: [53], other: "block" } },
  "captive-portal": { inbound: "block", outbound: { udp: [53], other: "block" } },
};

/** Fills in the defaults. */
export function resolveFirewall(firewall: Firewall): ResolvedFirewall {
  const { inbound = "allow", outbound = {} } = typeof firewall === "string"
    ? PRESETS[firewall]
    : firewall;
  const { tcp = "allow", udp = "allow", icmp = "allow", other = "allow" } = outbound;
  return { inbound, outbound: { tcp, udp, icmp, other } };
}

const policy = z.enum(["allow", "block"]);
const ports: Schema<PortPolicy> = z.union([policy, z.array(z.int().min(1).max(65535))]);

/** The values of `firewall`, in option objects and in TOML. */
export const firewallSchema: Schema<Firewall> = z.union([
  z.enum(["none", "block-inbound", "corporate", "captive-portal"])
    .describe("A ready-made firewall."),
  z.strictObject({
    inbound: policy.describe("What comes from outside and answers nothing.").optional(),
    outbound: z.strictObject({
      tcp: ports.describe("Destination ports of TCP.").optional(),
      udp: ports.describe("Destination ports of UDP.").optional(),
      icmp: policy.describe("ICMP and ICMPv6.").optional(),
      other: policy.describe("Every other protocol.").optional(),
    }).describe("What hosts inside may start towards the outside.").optional(),
  }).meta({ title: "FirewallConfig", table: "firewall" }),
]);
