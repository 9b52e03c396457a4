import { z } from "zod";

/** Which ports may be reached: all, none, or those listed. */
export type PortPolicy = "allow" | "block" | number[];

/** A firewall built from its policies. What is left out is allowed. */
export interface FirewallConfig {
  /**
   * What comes from outside and answers nothing: let through, or dropped (RFC 6092 calls the
   * latter simple security). Default `"allow"`. A packet that the NAT lets in through a mapping
   * of its own was decided by the NAT's filtering, and passes.
   */
  inbound?: "allow" | "block";
  /** What hosts inside may start towards the outside. */
  outbound?: {
    /** Destination ports of TCP. Default `"allow"`. */
    tcp?: PortPolicy;
    /** Destination ports of UDP. Default `"allow"`. */
    udp?: PortPolicy;
    /** ICMP and ICMPv6, ping above all. Default `"allow"`. */
    icmp?: "allow" | "block";
    /** Every other protocol. Default `"allow"`. */
    other?: "allow" | "block";
  };
}

/** The names of the firewalls that come ready-made. */
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

/** Fills the defaults in. */
export function resolveFirewall(firewall: Firewall): ResolvedFirewall {
  const { inbound = "allow", outbound = {} } = typeof firewall === "string"
    ? PRESETS[firewall]
    : firewall;
  const { tcp = "allow", udp = "allow", icmp = "allow", other = "allow" } = outbound;
  return { inbound, outbound: { tcp, udp, icmp, other } };
}

const policy = z.enum(["allow", "block"]);
const ports: z.ZodType<PortPolicy> = z.union([policy, z.array(z.int().min(1).max(65535))]);

/** What `firewall` may be, for option objects and TOML alike. */
export const firewallSchema: z.ZodType<Firewall> = z.union([
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
