import type {
  BridgeImpairmentsState,
  BridgePartitionsState,
  BridgeState,
} from "./states/bridge.ts";
import type { DeviceState } from "./states/device.ts";
import type { InterfaceState } from "./states/interface.ts";
import type { RegionLinkLimits, RegionState } from "./states/region.ts";
import type { RouterAdvertisementState, RouterState } from "./states/router.ts";
import type { VmMachineState, VmStateName } from "./states/vm.ts";
import type { EVENT_VERSION } from "./version.ts";

/** The direction of a link condition, as seen from the interface: `"up"` is what it sends. */
export type EventDirection = "both" | "up" | "down";

/** The kinds of lab events, each with the fields that it has besides {@linkcode EventStamp}. */
export interface EventBodies {
  /** The lab was created, and is empty. Always the first event. */
  "lab-created": { label: string; seed?: number };
  /** The lab was closed. Always the last event. */
  "lab-closed": Record<never, never>;
  /** A router was added. */
  "router-added": { name: string; router: RouterState };
  /** A router was removed, with its interfaces. */
  "router-removed": { name: string };
  /** A region was added. */
  "region-added": { name: string; region: RegionState };
  /** A region was removed, with its links. */
  "region-removed": { name: string };
  /** Two regions were linked, or the condition of their link changed. `a` comes before `b`. */
  "region-linked": { a: string; b: string; link: RegionLinkLimits };
  /** The link between two regions was removed. */
  "region-unlinked": { a: string; b: string };
  /** The link between two regions was broken: it carries no packets. */
  "region-link-broken": { a: string; b: string };
  /** A broken link between two regions was restored. */
  "region-link-restored": { a: string; b: string };
  /** A virtual machine was added, switched off. */
  "vm-added": { name: string; vm: VmMachineState };
  /** A virtual machine was removed. */
  "vm-removed": { name: string };
  /** The state of a virtual machine changed; `why` is the cause where the change was not requested. */
  "vm-state-changed": { name: string; state: VmStateName; why: string | null };
  /** A device was added. */
  "device-added": { name: string; device: DeviceState };
  /** A device was removed, with its interfaces. */
  "device-removed": { name: string };
  /** A bridge was added. */
  "bridge-added": { name: string; bridge: BridgeState };
  /** A bridge was removed, after its last member. */
  "bridge-removed": { name: string };
  /** A node was attached to a bridge or to a router's LAN (`bridge`), through a new interface. */
  "member-attached": { bridge: string; member: string; interface: string };
  /** A node was detached, and the interface was removed. */
  "member-detached": { bridge: string; member: string; interface: string };
  /** A member's cable was unplugged: its interface has no carrier. */
  "member-disconnected": { bridge: string; member: string };
  /** A member's cable was plugged in again, or the member was detached. */
  "member-reconnected": { bridge: string; member: string };
  /** The partitions of a bridge changed. */
  "bridge-partitions-changed": { bridge: string; partitions: BridgePartitionsState };
  /** The impairments of a bridge changed. */
  "bridge-impairments-changed": { bridge: string; impairments: BridgeImpairmentsState };
  /** Packets are routed between two bridges. */
  "bridges-routed": { a: string; b: string };
  /** Packets are no longer routed between two bridges. */
  "bridges-unrouted": { a: string; b: string };
  /** A bridge got an uplink to the host's networks, for these families. */
  "uplink-enabled": { bridge: string; ipv4: boolean; ipv6: boolean };
  /** The uplink of a bridge was removed. */
  "uplink-disabled": { bridge: string };
  /** A node got an additional interface. */
  "interface-added": { node: string; interface: InterfaceState };
  /** An interface of a node was removed. */
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
  /** A device's default route was moved to another interface. */
  "default-route-changed": { node: string; name: string };
  /** The IPv4 NAT of a router changed. */
  "nat-changed": { router: string; nat: string | object };
  /** The IPv6 translation of a router changed. */
  "nat-v6-changed": { router: string; natV6: string; externalCidr6?: string };
  /** The NAT mappings of a router were flushed. */
  "nat-flushed": { router: string };
  /**
   * An IPv6 prefix was delegated to a router, or removed from it (null); with the former prefix, if there
   * was one, and the IPv6 block of its LAN, which changes with it.
   */
  "prefix-delegated": {
    router: string;
    prefix: string | null;
    former: string | null;
    downstreamCidr6: string | null;
    downstreamGateway6: string | null;
  };
  /** The firewall of a router changed. */
  "firewall-changed": { router: string; firewall: string | object };
  /** The router advertisements of a router changed. */
  "ra-changed": { router: string } & RouterAdvertisementState;
  /** A router became a path-MTU black hole (it reports no packet as too big), or stopped being one. */
  "icmp-frag-needed-blocked": { router: string; blocked: boolean };
  /**
   * An address family was broken, or repaired (null): in what a router forwards (`name` is null), or on an
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
  /** The engine that impairs links failed: the links whose ends are named lost their conditions. */
  "link-engine-failed": { error: string; ends: string[] };
  /** The thread of NAT64 and 464XLAT failed: these nodes no longer reach IPv4 through it. */
  "translation-failed": { error: string; nodes: string[] };
  /** A fault (JSON) was injected. `id` is unique in the lab. */
  "fault-injected": { id: string; fault: Record<string, unknown> };
  /** A fault was healed. */
  "fault-healed": { id: string };
  /** A fault that repeats by itself failed and cannot continue. */
  "fault-failed": { id: string; error: string };
  /**
   * A step of a schedule was done, or (`error`) failed: when it was planned to begin, and when it began,
   * in milliseconds from the schedule's start.
   */
  "schedule-step": {
    schedule: string;
    step: number;
    action: unknown;
    askedMs: number;
    actualMs: number;
    error: string | null;
  };
  /** An address was added to a name: in one node, or (null) in the whole lab. */
  "dns-entry": { node: string | null; name: string; ip: string };
  /** The name server of every node changed. */
  "nameserver-changed": { ip: string };
  /** A program was started in a node. `id` is unique in the lab. */
  "command-started": { node: string; id: string; argv: string[] };
  /** A program ended; `signal` is the signal that killed it, such as `SIGKILL`. */
  "command-ended": { node: string; id: string; code: number; signal: string | null };
  /** A module was started on a thread in a node. `id` is unique in the lab, among commands too. */
  "task-started": { node: string; id: string; module: string };
  /** A module's thread ended; `error` is what ended it, null if it was stopped or ended itself. */
  "task-ended": { node: string; id: string; error: string | null };
  /** An error ended the thread of a node's `run`, and with it all that its functions left open. */
  "thread-failed": { node: string; error: string };
  /** A reflector was started at this address. */
  "reflector-started": { node: string; ip: string; port: number };
  /** A reflector was stopped. */
  "reflector-stopped": { node: string; ip: string; port: number };
  /** An entry that the user adds, about one node or (null) about the whole lab. Any JSON. */
  custom: { node: string | null; name: string; data: unknown };
}

/** The kinds of lab events, such as `"router-added"`. */
export type EventKind = keyof EventBodies;

/** What every event has. */
export interface EventStamp {
  /** {@linkcode EVENT_VERSION} of the writer. */
  version: typeof EVENT_VERSION;
  /** 0 for a lab's first event, 1 for the second, and so on. */
  seq: number;
  /** When it happened by the wall clock: ISO 8601, UTC. */
  at: string;
  /** Milliseconds since the lab started, by a monotonic clock. */
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

/** An event as it is emitted, before the bus stamps it. */
export type LabEventBody<Kind extends EventKind = EventKind> = {
  [K in Kind]: { kind: K } & EventBodies[K];
}[Kind];
