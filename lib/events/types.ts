import type {
  BridgeImpairmentsState,
  BridgePartitionsState,
  BridgeRulesState,
  BridgeState,
} from "./bridge_types.ts";

/**
 * The version of the events and states that this Netyard writes. It is raised by any change that keeps
 * a later Netyard from reading what an earlier one wrote: a field that is gone, or means something else,
 * or is new and always there. Kinds and fields that may be absent are added without that: later ones
 * read earlier runs, and earlier ones refuse what they do not know, by its name.
 */
export const EVENT_VERSION = 1;

/** Which way a link condition applies, as seen from the interface: `"up"` is what it sends. */
export type EventDirection = "both" | "up" | "down";

/** One interface of a router or device, as plain JSON data. */
export interface InterfaceState {
  /** Its name inside the node, such as `eth0`. */
  name: string;
  /** Its first IPv4 address, if it has one. */
  ip?: string;
  /** The prefix length of {@linkcode InterfaceState.ip}, in bits. */
  prefix?: number;
  /** Its first global or unique local IPv6 address, if it has one. */
  ip6?: string;
  /** The prefix length of {@linkcode InterfaceState.ip6}, in bits. */
  prefix6?: number;
  /** Its link-local IPv6 address, without a zone. */
  linkLocal6?: string;
  /** The addresses that were added to these, if there are any. */
  addresses?: { ip: string; prefix: number }[];
  /** Its hardware address, `02:…`. */
  mac: string;
  /** Largest packet, in bytes. */
  mtu: number;
  /** The router or bridge that it is plugged into; null where there is none. */
  gateway: string | null;
  /** False after a `link-down`. */
  up: boolean;
  /**
   * The link condition in force, as JSON: a preset's name or its limits. Absent for none.
   * `{ up, down }` once the two directions were set apart, null standing for none.
   */
  condition?: unknown;
  /** The address families that it has lost, and how: `drop` or `reject`. Absent for none. */
  brokenFamilies?: BrokenFamiliesState;
}

/** Address families that are broken, each by what becomes of its packets: `drop` or `reject`. */
export interface BrokenFamiliesState {
  /** Absent where IPv4 works. */
  ipv4?: string;
  /** Absent where IPv6 works. */
  ipv6?: string;
}

/** What a router advertises, as plain JSON data. */
export interface RouterAdvertisementState {
  /** Whether it advertises at all. */
  enabled: boolean;
  /** How often it does without being asked, in seconds. */
  intervalSecs: number;
  /** How long it is a default router after each time, in seconds; 0: it is none. */
  lifetimeSecs: number;
}

/** A router, as plain JSON data. */
export interface RouterState {
  /** Unique in the lab. */
  name: string;
  /** The preset it was made from, if one was named. */
  preset?: string;
  /** Its IPv4 NAT: a preset's name or a configuration. */
  nat: string | object;
  /** Its IPv6 translation: `none`, `nptv6`, `masquerade` or `nat64`. */
  natV6: string;
  /** The IPv6 block by which others know its LAN, where NPTv6 translates it; absent elsewhere. */
  externalCidr6?: string;
  /** Its firewall: a preset's name or a configuration. */
  firewall: string | object;
  /** `v4-only`, `v6-only` or `dual-stack`. */
  ipSupport: string;
  /** The router above it; null where it hangs on the internet exchange. */
  upstream: string | null;
  /** The region it stands in, if any. */
  region: string | null;
  /** Largest packet on its links, in bytes. */
  mtu: number;
  /** The condition of what it sends into its LAN, as JSON: a preset's name or its limits. Absent for none. */
  downlinkCondition?: unknown;
  /** Whether it is a path-MTU black hole; where it is absent, it is not. */
  blockIcmpFragNeeded?: boolean;
  /** What it tells devices that listen to it; absent where it has no IPv6, and in older runs. */
  routerAdvertisement?: RouterAdvertisementState;
  /** The address families that it forwards nothing of. Absent for none. */
  brokenFamilies?: BrokenFamiliesState;
  /** Its IPv4 address on the upstream side. */
  uplinkIp?: string;
  /** Its IPv6 address on the upstream side. */
  uplinkIp6?: string;
  /** The IPv4 block of its LAN, such as `10.0.1.0/24`. */
  downstreamCidr?: string;
  /** Its own IPv4 address on the LAN. */
  downstreamGateway?: string;
  /** The IPv6 block of its LAN. */
  downstreamCidr6?: string;
  /** Its own IPv6 address on the LAN. */
  downstreamGateway6?: string;
  /** The IPv6 prefix that was delegated to it, if one was: its network is a part of that. */
  delegatedPrefix?: string;
  /** What was asked of its LAN as a bridge. */
  rules?: BridgeRulesState;
  /** In the order in which they were added. */
  interfaces: InterfaceState[];
}

/** A device, as plain JSON data. */
export interface DeviceState {
  /** Unique in the lab. */
  name: string;
  /** Largest packet on its links, in bytes. */
  mtu: number;
  /** The interface of its default route; null where it has none. */
  defaultInterface: string | null;
  /** In the order in which they were added. */
  interfaces: InterfaceState[];
}

/** Where a virtual machine is in its life. */
export type VmStateName =
  | "defined"
  | "booting"
  | "running"
  | "paused"
  | "stopping"
  | "stopped"
  | "failed"
  | "removed";

/** A virtual machine, as plain JSON data. */
export interface VmMachineState extends DeviceState {
  /** What it boots. */
  profile: string;
  /** Its memory, in bytes. */
  memoryBytes: number;
  /** How many processors it has. */
  cpus: number;
  /** Where it is in its life. */
  state: VmStateName;
}

/** A region, as plain JSON data. */
export interface RegionState {
  /** Unique among the regions of the lab. */
  name: string;
  /** What its node is called in other events, such as `region-eu`. */
  node: string;
  /** The IPv4 block that its routers' addresses are from. */
  cidr: string;
  /** Its own IPv4 address. */
  ip: string;
  /** The IPv6 block that its routers' addresses are from. */
  cidr6: string;
  /** Its own IPv6 address. */
  ip6: string;
}

/** The condition of a link between two regions, for each direction; what is left out is 0. */
export interface RegionLinkLimits {
  /** One-way delay, in milliseconds. */
  latencyMs?: number;
  /** How much the delay varies either way, in milliseconds. */
  jitterMs?: number;
  /** Packets that are lost, in percent. */
  lossPct?: number;
  /** The bit rate, in kbit/s; 0 for unlimited. */
  rateKbit?: number;
}

/** A link between two regions, as plain JSON data. */
export interface RegionLinkState {
  /** The region whose name comes first in the alphabet. */
  a: string;
  /** The other region. */
  b: string;
  /** Its condition. */
  link: RegionLinkLimits;
  /** False after a `region-link-broken`. */
  up: boolean;
}

/** The kinds of lab events, each with the fields that it has besides {@linkcode EventStamp}. */
export interface EventBodies {
  /** The lab exists, and is empty. Always the first event. */
  "lab-created": { label: string; seed?: number };
  /** The lab is gone. Always the last event. */
  "lab-closed": Record<never, never>;
  /** A router was built. */
  "router-added": { name: string; router: RouterState };
  /** A router is gone, with its interfaces. */
  "router-removed": { name: string };
  /** A region was built. */
  "region-added": { name: string; region: RegionState };
  /** A region is gone, with its links. */
  "region-removed": { name: string };
  /** Two regions are linked, or their link has another condition. `a` comes before `b`. */
  "region-linked": { a: string; b: string; link: RegionLinkLimits };
  /** Two regions are linked no more. */
  "region-unlinked": { a: string; b: string };
  /** Nothing passes a link between two regions any more. */
  "region-link-broken": { a: string; b: string };
  /** A link between two regions works again. */
  "region-link-restored": { a: string; b: string };
  /** A virtual machine was made, switched off. */
  "vm-added": { name: string; vm: VmMachineState };
  /** A virtual machine is gone. */
  "vm-removed": { name: string };
  /** A virtual machine is in another state; `why`, where nobody asked for it. */
  "vm-state-changed": { name: string; state: VmStateName; why: string | null };
  /** A device was built. */
  "device-added": { name: string; device: DeviceState };
  /** A device is gone, with its interfaces. */
  "device-removed": { name: string };
  /** A bridge was made. */
  "bridge-added": { name: string; bridge: BridgeState };
  /** A bridge is gone; it had no members any more. */
  "bridge-removed": { name: string };
  /** A node was attached to a bridge or to a router's LAN (`bridge`), by an interface that it has now. */
  "member-attached": { bridge: string; member: string; interface: string };
  /** A node was detached, and the interface is gone. */
  "member-detached": { bridge: string; member: string; interface: string };
  /** A member's cable was pulled: it has no carrier. */
  "member-disconnected": { bridge: string; member: string };
  /** A member's cable was put back, or the member has left. */
  "member-reconnected": { bridge: string; member: string };
  /** Other members of a bridge are kept apart. */
  "bridge-partitions-changed": { bridge: string; partitions: BridgePartitionsState };
  /** A bridge is as bad as this now. */
  "bridge-impairments-changed": { bridge: string; impairments: BridgeImpairmentsState };
  /** The members of two bridges reach each other. */
  "bridges-routed": { a: string; b: string };
  /** They do not any more. */
  "bridges-unrouted": { a: string; b: string };
  /** The members of a bridge reach what the host reaches, by these families. */
  "uplink-enabled": { bridge: string; ipv4: boolean; ipv6: boolean };
  /** They do not any more. */
  "uplink-disabled": { bridge: string };
  /** A node has one more interface. */
  "interface-added": { node: string; interface: InterfaceState };
  /** A node has one interface less. */
  "interface-removed": { node: string; name: string };
  /** An interface was moved to another router. */
  "interface-replugged": {
    node: string;
    name: string;
    gateway: string;
    interface: InterfaceState;
  };
  /** Addresses of an interface were renewed or added. */
  "interface-changed": { node: string; name: string; interface: InterfaceState };
  /** An interface was taken down. */
  "link-down": { node: string; name: string };
  /** An interface was brought up. */
  "link-up": { node: string; name: string };
  /** A device's default route leaves by another interface. */
  "default-route-changed": { node: string; name: string };
  /** A router has another IPv4 NAT. */
  "nat-changed": { router: string; nat: string | object };
  /** A router has another IPv6 translation. */
  "nat-v6-changed": { router: string; natV6: string; externalCidr6?: string };
  /** A router forgot its NAT mappings. */
  "nat-flushed": { router: string };
  /**
   * A router was delegated an IPv6 prefix, or has none any more (null); with the former one, if it had
   * one, and the network behind it, which is another with it.
   */
  "prefix-delegated": {
    router: string;
    prefix: string | null;
    former: string | null;
    downstreamCidr6: string | null;
    downstreamGateway6: string | null;
  };
  /** A router has another firewall. */
  "firewall-changed": { router: string; firewall: string | object };
  /** A router advertises something else to those who listen to it. */
  "ra-changed": { router: string } & RouterAdvertisementState;
  /** A router lets nobody hear any more that packets are too big for its links, or does again. */
  "icmp-frag-needed-blocked": { router: string; blocked: boolean };
  /**
   * An address family was broken, or mended (null): in what a router forwards (`name` is null), or on an
   * interface of a device.
   */
  "family-broken": {
    node: string;
    name: string | null;
    family: "ipv4" | "ipv6";
    how: string | null;
  };
  /** A link condition (JSON) was set on an interface, or cleared (null). */
  "condition-changed": {
    node: string;
    name: string;
    direction: EventDirection;
    condition: unknown;
  };
  /** A condition (JSON) was set on what a router sends into its LAN, or cleared (null). */
  "downlink-condition-changed": { router: string; condition: unknown };
  /** What impairs links failed: the links whose ends are named have no condition any more. */
  "link-engine-failed": { error: string; ends: string[] };
  /** The thread of NAT64 and 464XLAT ended: these nodes reach no IPv4 by it any more. */
  "translation-failed": { error: string; nodes: string[] };
  /** A fault (JSON) happens from now on. `id` is unique in the lab. */
  "fault-injected": { id: string; fault: Record<string, unknown> };
  /** A fault was undone. */
  "fault-healed": { id: string };
  /** A fault that goes on by itself cannot go on. */
  "fault-failed": { id: string; error: string };
  /**
   * A step of a schedule was done, or (`error`) failed: when it was to begin, and when it did, in
   * milliseconds from the schedule's start.
   */
  "schedule-step": {
    schedule: string;
    step: number;
    action: unknown;
    askedMs: number;
    actualMs: number;
    error: string | null;
  };
  /** A name resolves to one more address: in one node, or (null) in the whole lab. */
  "dns-entry": { node: string | null; name: string; ip: string };
  /** Every node asks another name server. */
  "nameserver-changed": { ip: string };
  /** A program runs in a node. `id` is unique in the lab. */
  "command-started": { node: string; id: string; argv: string[] };
  /** A program ended; `signal` names what killed it, such as `SIGKILL`. */
  "command-ended": { node: string; id: string; code: number; signal: string | null };
  /** A module runs on a thread in a node. `id` is unique in the lab, among commands too. */
  "task-started": { node: string; id: string; module: string };
  /** A module's thread ended; `error` is what ended it, null if it was stopped or ended itself. */
  "task-ended": { node: string; id: string; error: string | null };
  /** The thread of a node's `run` ended by an error, and with it all that its functions left open. */
  "thread-failed": { node: string; error: string };
  /** A reflector answers at this address. */
  "reflector-started": { node: string; ip: string; port: number };
  /** A reflector stopped answering. */
  "reflector-stopped": { node: string; ip: string; port: number };
  /** What a user puts on the timeline, of one node or (null) of the whole lab. Any JSON. */
  custom: { node: string | null; name: string; data: unknown };
}

/** The kinds of lab events, such as `"router-added"`. */
export type EventKind = keyof EventBodies;

/** What every event has. */
export interface EventStamp {
  /** {@linkcode EVENT_VERSION} of the writer. */
  version: typeof EVENT_VERSION;
  /** 0 for a lab's first event, one more for each that follows. */
  seq: number;
  /** When it happened by the wall clock: ISO 8601, UTC. */
  at: string;
  /** Milliseconds since the lab started, by a clock that never steps back. */
  elapsedMs: number;
}

/**
 * Something that happened to a lab, of one kind or of any.
 *
 * @example
 * ```ts
 * import type { LabEvent } from "@netyard/netyard";
 *
 * function describe(event: LabEvent): string {
 *   return event.kind === "link-down" ? `${event.node} lost ${event.name}` : event.kind;
 * }
 * const isFlush = (event: LabEvent): event is LabEvent<"nat-flushed"> =>
 *   event.kind === "nat-flushed";
 * ```
 */
export type LabEvent<Kind extends EventKind = EventKind> = {
  [K in Kind]: EventStamp & { kind: K } & EventBodies[K];
}[Kind];

/** What is emitted: an event before it is stamped. */
export type LabEventBody<Kind extends EventKind = EventKind> = {
  [K in Kind]: { kind: K } & EventBodies[K];
}[Kind];

/** Names and their addresses, in the order in which they were added. */
export type DnsTable = Record<string, string[]>;

/** What the events of a lab amount to: what it looks like after the last of them. */
export interface LabState {
  /** {@linkcode EVENT_VERSION} of the writer. */
  version: typeof EVENT_VERSION;
  /** The lab's label; empty before `lab-created`. */
  label: string;
  /** The seed of everything random in the lab, if one was given. */
  seed?: number;
  /** When the lab was created: ISO 8601, UTC; empty before `lab-created`. */
  startedAt: string;
  /** When the lab was closed. Absent while it lives, and after a crash. */
  closedAt?: string;
  /** The routers, by name. */
  routers: Record<string, RouterState>;
  /** The devices, by name. */
  devices: Record<string, DeviceState>;
  /** The virtual machines, by name; absent for none. */
  vms?: Record<string, VmMachineState>;
  /** The bridges that are no router's LAN, by name; absent for none. */
  bridges?: Record<string, BridgeState>;
  /** The regions, by name. */
  regions: Record<string, RegionState>;
  /** The links between regions, by the names of both in the order of the alphabet: `eu us`. */
  regionLinks: Record<string, RegionLinkState>;
  /** Names that resolve everywhere (`lab`), and in one node only (`nodes`, by node name). */
  dns: { lab: DnsTable; nodes: Record<string, DnsTable> };
  /** The name server that every node asks, if one was set. */
  nameserver?: string;
  /** The programs and modules that run, by the id of their `command-started` or `task-started`. */
  running: Record<string, { node: string; argv: string[] }>;
  /** The faults that are not healed, by id, as JSON; absent for none. */
  faults?: Record<string, Record<string, unknown>>;
  /** `seq` of the last event; -1 before the first. */
  lastSeq: number;
}
