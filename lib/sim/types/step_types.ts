import type { Firewall } from "../../firewall/config.ts";
import type { AddressFamily } from "../../firewall/broken_family.ts";
import type { LinkCondition, LinkDirection, LinkDirections } from "../../link/mod.ts";
import type { Nat } from "../../nat/config.ts";
import type { NatV6 } from "../../nat/config_v6.ts";
import type { Origin } from "./origin.ts";

/** How a program's output is read. */
export type ParserKind = "text" | "ndjson" | "json";

/** `[step.captures.NAME]`: a value taken from what a program prints. */
export interface CaptureSpec {
  /** Which of its outputs. */
  pipe: "stdout" | "stderr";
  /** On the line of text: its first group, or all that it matches. */
  regex?: RegExp;
  /** What the JSON value must have, by dot-path. */
  match?: Record<string, string>;
  /** The dot-path of the value in the JSON: `.end.sum_received.bytes`, `.addrs.0`. */
  pick?: string;
}

/** `[step.results]`: the captures, as `id.name`, that go into the report. */
export interface ResultsSpec {
  /** How long a transfer took. */
  duration?: string;
  /** Bytes sent. */
  upBytes?: string;
  /** Bytes received. */
  downBytes?: string;
  /** In milliseconds. */
  latencyMs?: string;
}

/** What every step has. */
export interface StepBase {
  /** Unique in the simulation; of a step that was given none, `step-N`, N from 1. */
  id: string;
  /** Captures, as `id.name`, that it waits for before it starts. */
  requires: string[];
  /** How long it may take, waiting for captures included. Default: of the action. */
  timeoutMs?: number;
  /** Whether `when` was `"false"`. */
  skipped: boolean;
  /** Where it is written. */
  origin: Origin;
}

/** What steps that run programs have. */
export interface ProcessStep extends StepBase {
  /** The device, router or virtual machine that it runs in. */
  device: string;
  /** With `${...}` and `$NETYARD_IP_...` in them. */
  cmd: string[];
  /** Variables beside those of the lab. */
  env: Record<string, string>;
  /** How its output is read. */
  parser: ParserKind;
  /** What is taken from its output, by name. */
  captures: Record<string, CaptureSpec>;
  /** Its row of the report. */
  results?: ResultsSpec;
}

/** Runs a command to its end, which must be exit code 0. */
export interface RunStep extends ProcessStep {
  /** Which step it is. */
  action: "run";
}

/** Starts a command, which goes on until a `wait-for`, or the end of the simulation. */
export interface SpawnStep extends ProcessStep {
  /** Which step it is. */
  action: "spawn";
  /** How long the next step waits. */
  readyAfterMs?: number;
}

/** Waits for the end of a command that was spawned, or of a capture. */
export interface WaitForStep extends StepBase {
  /** Which step it is. */
  action: "wait-for";
  /** The id of that step. */
  target: string;
}

/** Does nothing for a time. */
export interface WaitStep extends StepBase {
  /** Which step it is. */
  action: "wait";
  /** How long, in milliseconds. */
  durationMs: number;
}

/** Changes the condition of a device's link. */
export interface SetLinkConditionStep extends StepBase {
  /** Which step it is. */
  action: "set-link-condition";
  /** The device. */
  device: string;
  /** Default: the first interface. */
  interface?: string;
  /** The condition; null for none. */
  condition: LinkCondition | LinkDirections | null;
  /** Default `"both"`. */
  direction?: LinkDirection;
}

/** Takes an interface down, or up. */
export interface LinkStep extends StepBase {
  /** Which step it is. */
  action: "link-down" | "link-up";
  /** The device. */
  device: string;
  /** Default: the first interface. */
  interface?: string;
}

/** Moves a device's default route to another interface. */
export interface SetDefaultRouteStep extends StepBase {
  /** Which step it is. */
  action: "set-default-route";
  /** The device. */
  device: string;
  /** The interface. */
  to: string;
}

/** Attaches an interface to another router or bridge. */
export interface ReplugStep extends StepBase {
  /** Which step it is. */
  action: "replug";
  /** The device. */
  device: string;
  /** Default: the first interface. */
  interface?: string;
  /** The router or bridge. */
  to: string;
}

/** Changes a router's NAT. */
export interface SetNatStep extends StepBase {
  /** Which step it is. */
  action: "set-nat";
  /** The router. */
  router: string;
  /** Its NAT from now on. */
  nat: Nat;
}

/** Has a router forget its NAT's mappings. */
export interface FlushNatStep extends StepBase {
  /** Which step it is. */
  action: "flush-nat";
  /** The router. */
  router: string;
}

/** Changes a router's IPv6 NAT. */
export interface SetNatV6Step extends StepBase {
  /** Which step it is. */
  action: "set-nat-v6";
  /** The router. */
  router: string;
  /** Its IPv6 NAT from now on. */
  natV6: NatV6;
}

/** Has a router's ISP delegate another IPv6 prefix to it. */
export interface RenewPrefixStep extends StepBase {
  /** Which step it is. */
  action: "renew-prefix";
  /** The router. */
  router: string;
}

/** Breaks an address family of a router without a word, or mends it. */
export interface FamilyStep extends StepBase {
  /** Which step it is. */
  action: "break-family" | "restore-family";
  /** The router. */
  router: string;
  /** The family. */
  family: AddressFamily;
}

/** Changes a router's firewall. */
export interface SetFirewallStep extends StepBase {
  /** Which step it is. */
  action: "set-firewall";
  /** The router. */
  router: string;
  /** Its firewall from now on. */
  firewall: Firewall;
}

/** `regions = ["eu", "us"]`. */
export interface RegionStep extends StepBase {
  /** Which step it is. */
  action: "break-region" | "restore-region";
  /** The two ends of the link. */
  regions: [string, string];
}

/**
 * `bridge = "lan"` (or a router's name, for its LAN), and `members = ["a", "b"]` for both ways, `from`
 * and `to` for one way, or none of them: all members are kept apart, and all that keeps any apart is healed.
 */
export interface PartitionStep extends StepBase {
  /** Which step it is. */
  action: "partition" | "heal";
  /** The bridge, or the router for its LAN. */
  bridge: string;
  /** Two members, both ways. */
  members?: [string, string];
  /** Who is not heard, or is heard again. */
  from?: string;
  /** By whom. */
  to?: string;
}

/** Captures packets into `captures/<id>.pcap`, until a `wait-for`, its duration, or the end. */
export interface CaptureStep extends StepBase {
  /** Which step it is. */
  action: "capture";
  /** A device or router; or else a bridge. */
  device?: string;
  /** The bridge, or the router for its LAN. */
  bridge?: string;
  /** Default: the first interface. */
  interface?: string;
  /** pcap-filter(7). */
  filter?: string;
  /** How long, in milliseconds. */
  durationMs?: number;
}

/** Writes `certs/<id>/cert.pem` and `key.pem`; captures `cert_pem_path`, `key_pem_path`. */
export interface GenCertsStep extends StepBase {
  /** Which step it is. */
  action: "gen-certs";
  /** The device. */
  device?: string;
  /** The common name. */
  cn: string;
  /** Default: the device's addresses. */
  san?: string[];
}

/** Writes `files/<id>/content`; captures `path`. */
export interface GenFileStep extends StepBase {
  /** Which step it is. */
  action: "gen-file";
  /** With `${...}` in it. */
  content: string;
}

/** How a value is compared. */
export type AssertOperator = "==" | "!=" | "contains" | "matches" | ">=" | "<=" | "<" | ">";

/** One expression of an `assert` step. */
export interface Check {
  /** As it was written. */
  text: string;
  /** The capture, as `id.name`. */
  key: string;
  /** How the value is compared. */
  operator: AssertOperator;
  /** May have `${...}` in it, but after `matches`. */
  operand: string;
  /** Of `matches`. */
  regex?: RegExp;
}

/** Checks values; all must hold. */
export interface AssertStep extends StepBase {
  /** Which step it is. */
  action: "assert";
  /** All of them must hold. */
  checks: Check[];
}

/** A step that changes the network, and is over when that is in force. */
export type NetworkStep =
  | SetLinkConditionStep
  | LinkStep
  | SetDefaultRouteStep
  | ReplugStep
  | SetNatStep
  | FlushNatStep
  | SetNatV6Step
  | RenewPrefixStep
  | FamilyStep
  | SetFirewallStep
  | RegionStep
  | PartitionStep;

/** A step of a simulation, with all templates, groups and counted devices expanded. */
export type Step =
  | RunStep
  | SpawnStep
  | WaitForStep
  | WaitStep
  | NetworkStep
  | CaptureStep
  | GenCertsStep
  | GenFileStep
  | AssertStep;
