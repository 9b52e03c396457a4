import { z } from "zod";
import type { Schema } from "../options/schema.ts";

/**
 * How much of the remote endpoint a mapping or a filter depends on, in the
 * terms of RFC 4787, sections 4.1 and 5: not at all, on its address, or on
 * its address and port.
 */
export type EndpointDependence =
  | "endpoint-independent"
  | "address-dependent"
  | "address-and-port-dependent";

/** How long an idle mapping lives, in whole seconds, as conntrack counts (nf_conntrack-sysctl). */
export interface NatTimeouts {
  /** A UDP flow without a reply, or with replies for less than two seconds. Default 30. */
  udpSecs?: number;
  /** A UDP flow with traffic in both directions for two seconds or longer. Default 300. */
  udpStreamSecs?: number;
  /** An established TCP connection. Default 7440 (2 h 4 min, RFC 5382, REQ-5). */
  tcpEstablishedSecs?: number;
  /**
   * A TCP connection that is opening or closing (RFC 5382, REQ-5). With the default, 120, each of
   * these states has the timeout that Linux gives it; any other value applies to all of them.
   */
  tcpTransitorySecs?: number;
}

/** A NAT built from its properties. Omitted properties have the defaults of a home router. */
export interface NatConfig {
  /** Which destinations share an external port. Default `"endpoint-independent"` (EIM). */
  mapping?: EndpointDependence;
  /** Which remote endpoints may send in through a mapping. Default `"address-and-port-dependent"` (APDF). */
  filtering?: EndpointDependence;
  /** Keep the internal port where it is free. Default true for EIM, else false. */
  portPreservation?: boolean;
  /** Whether hosts inside reach each other by external addresses (RFC 4787, REQ-9). Default false. */
  hairpin?: boolean;
  /** When idle mappings expire. Default: see {@link NatTimeouts}. */
  timeouts?: NatTimeouts;
}

/** The names of the IPv4 NAT presets. */
export type NatPreset = "none" | "home" | "corporate" | "cgnat" | "cloud-nat" | "full-cone";

/** The IPv4 NAT of a router: a preset or its properties. */
export type Nat = NatPreset | NatConfig;

/** A {@link NatConfig} with every default filled in. */
export interface ResolvedNat {
  mapping: EndpointDependence;
  filtering: EndpointDependence;
  portPreservation: boolean;
  hairpin: boolean;
  timeouts: Required<NatTimeouts>;
}

const LINUX_UDP_SECS = 30;
const LINUX_TCP_TRANSITORY_SECS = 120;

const PRESETS: Record<Exclude<NatPreset, "none">, NatConfig> = {
  home: { timeouts: { udpStreamSecs: 300 } },
  corporate: {
    mapping: "address-and-port-dependent",
    timeouts: { udpStreamSecs: 120 },
  },
  // Subscribers of one CGN must reach each other through it (RFC 6888, REQ-1; RFC 4787, REQ-9).
  cgnat: { filtering: "endpoint-independent", hairpin: true },
  // 350 s, with a reply or without: the idle timeout that AWS documents for its NAT gateway.
  "cloud-nat": {
    mapping: "address-and-port-dependent",
    timeouts: { udpSecs: 350, udpStreamSecs: 350, tcpEstablishedSecs: 350 },
  },
  "full-cone": { filtering: "endpoint-independent", hairpin: true },
};

/** Fills in the defaults. Returns `undefined` for no NAT. */
export function resolveNat(nat: Nat): ResolvedNat | undefined {
  if (nat === "none") return undefined;
  const config = typeof nat === "string" ? PRESETS[nat] : nat;
  const mapping = config.mapping ?? "endpoint-independent";
  return {
    mapping,
    filtering: config.filtering ?? "address-and-port-dependent",
    portPreservation: config.portPreservation ?? mapping === "endpoint-independent",
    hairpin: config.hairpin ?? false,
    timeouts: {
      udpSecs: config.timeouts?.udpSecs ?? LINUX_UDP_SECS,
      udpStreamSecs: config.timeouts?.udpStreamSecs ?? 300,
      tcpEstablishedSecs: config.timeouts?.tcpEstablishedSecs ?? 7440,
      tcpTransitorySecs: config.timeouts?.tcpTransitorySecs ?? LINUX_TCP_TRANSITORY_SECS,
    },
  };
}

/** The timeouts of Linux (nf_conntrack-sysctl), which apply without a NAT. */
const LINUX_TIMEOUTS: Required<NatTimeouts> = {
  udpSecs: LINUX_UDP_SECS,
  udpStreamSecs: 120,
  tcpEstablishedSecs: 432_000,
  tcpTransitorySecs: LINUX_TCP_TRANSITORY_SECS,
};

const LINUX_TRANSITORY = {
  syn_sent: 120,
  syn_recv: 60,
  fin_wait: 120,
  close_wait: 60,
  last_ack: 30,
  time_wait: 120,
};

/** The timeout of Linux for a connection that was reset. */
const LINUX_CLOSE_SECS = 10;

/**
 * Returns the sysctls that give a router the timeouts of its NAT, or those of Linux without one. A
 * `fresh` router has those of Linux already, so only the differences are returned for it.
 */
export function natSysctls(nat: ResolvedNat | undefined, fresh = false): Record<string, number> {
  const values = sysctls(nat?.timeouts ?? LINUX_TIMEOUTS);
  if (!fresh) return values;
  const known = sysctls(LINUX_TIMEOUTS);
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => value !== known[name]),
  );
}

function sysctls(timeouts: Required<NatTimeouts>): Record<string, number> {
  const { udpSecs, udpStreamSecs, tcpEstablishedSecs, tcpTransitorySecs } = timeouts;
  const values: Record<string, number> = {
    udp_timeout: udpSecs,
    udp_timeout_stream: udpStreamSecs,
    tcp_timeout_established: tcpEstablishedSecs,
    // Never longer than the others, or the rules would take a reset connection for established.
    tcp_timeout_close: Math.min(LINUX_CLOSE_SECS, tcpTransitorySecs),
  };
  for (const [state, secs] of Object.entries(LINUX_TRANSITORY)) {
    values[`tcp_timeout_${state}`] = tcpTransitorySecs === LINUX_TCP_TRANSITORY_SECS
      ? secs
      : tcpTransitorySecs;
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`net.netfilter.nf_conntrack_${name}`, value]),
  );
}

const dependence: Schema<EndpointDependence> = z.enum([
  "endpoint-independent",
  "address-dependent",
  "address-and-port-dependent",
]);

const seconds = (what: string) =>
  z.int().min(1).max(432_000).describe(`${what}, in seconds.`).optional();

/** The values of `nat`, in option objects and in TOML. */
export const natSchema: Schema<Nat> = z.union([
  z.enum(["none", "home", "corporate", "cgnat", "cloud-nat", "full-cone"])
    .describe("A ready-made NAT."),
  z.strictObject({
    mapping: dependence.describe("Which destinations share an external port (RFC 4787, 4.1).")
      .optional(),
    filtering: dependence.describe("Whose packets may come in through a mapping (RFC 4787, 5).")
      .optional(),
    portPreservation: z.boolean().describe("Whether the internal port is kept where it is free.")
      .optional(),
    hairpin: z.boolean().describe("Whether hosts inside reach each other by external addresses.")
      .optional(),
    timeouts: z.strictObject({
      udpSecs: seconds("How long UDP without an answer keeps its mapping"),
      udpStreamSecs: seconds("How long UDP with traffic in both directions keeps it"),
      tcpEstablishedSecs: seconds("How long an idle TCP connection keeps it"),
      tcpTransitorySecs: seconds(
        "How long a TCP connection that is being opened or closed keeps it",
      ),
    }).meta({ title: "NatTimeouts", table: "NAT timeouts" })
      .describe("When idle mappings end.").optional(),
  }).meta({ title: "NatConfig", table: "NAT" }),
]);
