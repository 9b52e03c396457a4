/**
 * The model of a lab: the records of its nodes, interfaces and segments, which are plain data; the
 * addresses that they may get; and `LabCore`, the interface by which all folders above share them.
 * The folders above decide from records and act on the kernel; handles, such as `Router`, refer to
 * them. Imports `options` and the domain folders. Begin with this file, then read `lab.ts`.
 *
 * @module
 */
import type { Cidr } from "../../address/mod.ts";
import type { Impairments } from "../../bridge/impairments.ts";
import type { Partitions } from "../../bridge/partitions.ts";
import type { Dns64Server } from "../../dns64/mod.ts";
import type { BrokenFamilies } from "../../firewall/broken_family.ts";
import type { Firewall } from "../../firewall/config.ts";
import type { SharedRate } from "../../link/mod.ts";
import type { Nat } from "../../nat/config.ts";
import type { NatV6 } from "../../nat/config_v6.ts";
import type { Translation } from "../../translation/mod.ts";
import type { NodeRuntime } from "../../node/runtime.ts";
import type { VmNic } from "../../vm/saved/saved_machine.ts";
import type { VirtualMachine } from "../../vm/virtual_machine.ts";
import type { Conditions, ConditionState } from "./condition_state.ts";
import type { PrefixDelegation } from "../options/delegation_options.ts";
import type { Network } from "./addresses.ts";
import type { RouterAdvertisementOptions } from "../options/ipv6_options.ts";
import type { IpSupport, Pool, RouterPreset } from "../options/router_presets.ts";
import type { RegionPath } from "./region_paths.ts";

/** What all nodes have: a namespace and links. */
export interface NodeBase {
  name: string;
  runtime: NodeRuntime;
  interfaces: Map<string, InterfaceRecord>;
  /** The index of the next link made in this namespace, unless a program takes it first. */
  nextIndex: number;
  /** The names of all links in this namespace. */
  links: Set<string>;
  /** Whether anything of the user's ran in it, so that it may have learnt neighbours. */
  used: boolean;
  /** The rules of its part in path-MTU black holes, as they are loaded; see `black_hole.ts`. */
  blackHole: string;
  removed: boolean;
}

/** A node of a lab, of any kind. */
export type NodeRecord =
  | IxRecord
  | RegionRecord
  | RouterRecord
  | DeviceRecord
  | BridgeRecord
  | VmRecord;

/** The record of one kind of node. */
export type NodeOf<K extends NodeRecord["kind"]> = Extract<NodeRecord, { kind: K }>;

/** What the record of a kind of node has beside {@link NodeBase}. */
export type OwnFields<T extends NodeRecord> = Omit<T, keyof NodeBase | "kind">;

/** The IX: it routes between the routers of the top level and the regions. */
export interface IxRecord extends NodeBase {
  kind: "ix";
}

export interface RouterRecord extends NodeBase {
  kind: "router";
  preset: RouterPreset | undefined;
  nat: Nat;
  natV6: NatV6;
  /** The prefix to which NPTv6 translates its LAN; kept while another mode is active. */
  external6: Cidr | undefined;
  firewall: Firewall;
  ipSupport: IpSupport;
  pool: Pool;
  mtu: number;
  /** Whether it is a path-MTU black hole. */
  blockIcmpFragNeeded: boolean;
  /** The families of which it forwards nothing. */
  broken: BrokenFamilies;
  /** Null on the IX, or in a region. */
  upstream: RouterRecord | null;
  /** The region that it is in, itself or by its upstream. */
  region: RegionRecord | null;
  uplink: InterfaceRecord;
  lan: Segment;
  natSeed: number;
  /** Whether it requests a prefix by DHCPv6, or delegates prefixes. */
  delegation: PrefixDelegation | undefined;
  /** The prefix that was delegated to it, of which its LAN has the first /64. */
  delegated: Cidr | undefined;
  /** The latest former networks of its LAN, newest first. */
  withdrawn: string[];
  /** Whether it is still being built, and waits for its prefix. */
  pending: boolean;
  /** The parts of its NAT64, while it has one. */
  nat64: { translation: Translation; link: string; dns: Dns64Server | undefined } | undefined;
  /** Resolves when its former name server has closed: only then is the port free. */
  dnsClosing: Promise<void> | undefined;
  /** Whether a name server comes with its NAT64. */
  dns64: boolean;
  /** What it advertises to devices downstream, while any of them listens. */
  advertisement: Required<RouterAdvertisementOptions>;
}

/** Its node is called `region-<name>`, so that a router may have the region's name. */
export interface RegionRecord extends NodeBase {
  kind: "region";
  /** What the region is called. */
  region: string;
  /** The link to the IX. */
  uplink: InterfaceRecord;
  /** What its routers are attached to. */
  segment: Segment & { v4: Network; v6: Network };
  /** The path to each other region, as its routes are now; absent where that is not known. */
  paths: Map<string, RegionPath>;
}

/** A bridge that is not a router's LAN: a node that holds the gateway's addresses and no more. */
export interface BridgeRecord extends NodeBase {
  kind: "bridge";
  /** What its members are attached to. */
  segment: Segment;
}

export interface DeviceRecord extends NodeBase {
  kind: "device";
  /** Undefined: that of each router. */
  mtu: number | undefined;
  /** The interface of the default route. */
  defaultInterface: string | undefined;
  names: Map<string, string[]>;
  /** How it gets IPv6 addresses behind routers; undefined: from the lab. */
  autoconf: Autoconf | undefined;
  /** Whether it has a CLAT wherever it has no IPv4 and a NAT64 is on its path. */
  clat: boolean;
  /** Its CLAT, while there is one. */
  activeClat: Clat | undefined;
}

/** An active CLAT. */
export interface Clat {
  translation: Translation;
  /** The name of its TUN. */
  link: string;
  /** The interface that it sends by, and its segment when the address was taken. */
  iface: InterfaceRecord;
  segment: Segment;
  /** The interface's own address then, by which the router sends to it. */
  via: string | undefined;
  /** The pool that its address is from; the segment may have another network by now. */
  hosts: Network["hosts"];
  /** The IPv6 address to which its IPv4 address is translated. */
  ip6: string;
}

/** A virtual machine. Its namespace has QEMU and the links to its NICs. */
export interface VmRecord extends NodeBase {
  kind: "vm";
  /** The interface of the default route. */
  defaultInterface: string | undefined;
  names: Map<string, string[]>;
  machine: VirtualMachine;
  profile: string;
  memoryBytes: number;
  cpus: number;
  /** Its NICs, former ones included, by their interfaces' names. */
  nics: Map<string, NicRecord>;
  /** The parts of its network configuration that its guest has had since it came up, by subject. */
  configured: Map<string, string>;
}

/** A NIC of a virtual machine: a TAP that QEMU has open, and its interface's link. */
export interface NicRecord {
  nic: VmNic;
  tap: Port;
  /** Undefined while it is attached to nothing. */
  iface: InterfaceRecord | undefined;
}

/**
 * What interfaces attach to. A router's LAN is one link layer: the veth of its only member, or a
 * bridge from the second member on (a bridge costs 20 ms of kernel cleanup); `lab.bridge()` always
 * has one. An exchange, which is the IX or a region, has no link layer of its own: it routes
 * between the veths of its members, so that each router has one neighbour and not all.
 */
export interface Segment {
  kind: "lan" | "exchange";
  owner: NodeRecord;
  /** Its name as a bridge: that of its owner. */
  name: string;
  /** Whether it is a Linux bridge from its first member on. */
  alwaysBridge: boolean;
  /** Of a LAN: its settings as a bridge. */
  bridging: Bridging;
  mtu: number;
  /** The MAC of the gateway, and the link-local address that follows from it. */
  mac: string;
  linkLocal: string;
  v4: Network | undefined;
  v6: Network | undefined;
  /** The attached interfaces, and the ends of their links here. */
  members: Map<InterfaceRecord, Port>;
  /** Of a LAN: the link that holds the gateway's addresses. */
  gatewayLink: GatewayLink | undefined;
  /** Networks downstream of members, by CIDR, and the member that leads to each. */
  routes: Map<string, InterfaceRecord>;
  /** Of a LAN: the condition of all that its router sends into it, also to a single member. */
  downlink: ConditionState;
  /** The uplinks of those members that are path-MTU black holes. */
  blackHoles: Set<InterfaceRecord>;
  /** The members that each member knows, beside the gateway. */
  neighbours: Map<InterfaceRecord, Set<InterfaceRecord>>;
  /** Whether all members know each other. */
  allNeighbours: boolean;
}

/** The settings of a LAN as a bridge, and what applies them. */
export interface Bridging {
  partitions: Partitions;
  /** The impairments of the whole bridge. */
  whole: Impairments;
  /** The rate that all frames share, if there is one. */
  rate: SharedRate | undefined;
  /** The impairments from one member to another, by the key of the direction. */
  directions: Map<string, Impairments>;
  detours: Set<Detour>;
  /** The number of the latest detour. */
  lastDetour: number;
  /** The rules that are loaded, and the links that they name. */
  loaded: string;
  /** The bridges that it is routed with, and the end here of the link between the two. */
  partners: Map<Segment, RouteEnd>;
  /** Its connection to what the host reaches, if there is one. */
  uplink: Uplink | undefined;
  /** Members whose port was set down. */
  disconnected: Set<InterfaceRecord>;
}

/** The connection of a bridge to what the host reaches. */
export interface Uplink {
  /** Removes all of it, on both sides; resolves when the host's settings are restored. */
  close(): Promise<void>;
}

/**
 * The veth pair that frames from one member's port to another's go through, where they are
 * impaired.
 */
export interface Detour {
  from: InterfaceRecord;
  to: InterfaceRecord;
  /** The key of the direction in `Bridging.directions`. */
  direction: string;
  number: number;
  entry: Port;
  exit: Port;
  /** The condition of what leaves by the entry. */
  condition: ConditionState;
  /** Whether it is kept only for the frames that are still on it. */
  closing: boolean;
}

/** The end in one bridge's node of a link between two bridges. */
export interface RouteEnd extends Port {
  mac: string;
  /** Its link-local address, by which the other end sends. */
  linkLocal: string;
}

/** A segment's only link, or the bridge over its links. */
export interface GatewayLink extends Port {
  bridge: boolean;
}

/** The end of a member's link in the segment's namespace. */
export interface Port {
  name: string;
  index: number;
}

/** How the kernel of a device makes IPv6 addresses from what its router advertises. */
export interface Autoconf {
  /** Whether it also makes addresses that change with time. */
  privacy: boolean;
}

export interface InterfaceRecord {
  node: NodeRecord;
  name: string;
  index: number;
  mac: string;
  mtu: number;
  segment: Segment;
  ip: string | undefined;
  prefix: number;
  /** Where the kernel makes it: undefined until it has. */
  ip6: string | undefined;
  prefix6: number;
  linkLocal6: string | undefined;
  /** Undefined: its IPv6 address is the lab's, and it listens to no router. */
  autoconf: Autoconf | undefined;
  /** Whether it is effectively up: it was requested to be, and no fault keeps it down. */
  up: boolean;
  requestedUp: boolean;
  /** The faults that keep it down. */
  heldDown: Set<object>;
  conditions: Conditions;
  /** The families of which it neither sends nor receives anything. */
  broken: BrokenFamilies;
  /** Added by addIp. */
  extra: { ip: string; prefix: number }[];
  removed: boolean;
}

/**
 * The network by which other nodes reach a router's LAN; undefined where NPTv6 does not translate
 * it.
 */
export function externalCidr6({ natV6, external6 }: RouterRecord): string | undefined {
  return natV6 === "nptv6" ? external6?.toString() : undefined;
}

/** The router whose LAN a segment is, where interfaces listen to advertisements. */
export function routerOf({ owner, name }: Segment): RouterRecord {
  if (owner.kind === "router") return owner;
  throw new Error(`"${name}" is not the LAN of a router`);
}

/** The interface that carries a node's default route. */
export function defaultInterface(node: NodeRecord): InterfaceRecord | undefined {
  if (node.kind === "router") return node.uplink;
  if (node.kind !== "device" && node.kind !== "vm") return undefined;
  return node.interfaces.get(node.defaultInterface ?? "");
}

/**
 * The router whose NAT64 translates the packets of an interface to IPv4, if there is one on the
 * path.
 */
export function nat64Above(iface: InterfaceRecord | undefined): RouterRecord | undefined {
  if (!iface?.ip6) return undefined;
  const { owner } = iface.segment;
  return owner.kind === "router" ? nat64Over(owner) : undefined;
}

/** The nearest router with NAT64 on the path upward: the router itself, or one above it. */
export function nat64Over(router: RouterRecord): RouterRecord | undefined {
  for (let one: RouterRecord | null = router; one; one = one.upstream) {
    if (one.natV6 === "nat64") return one;
  }
  return undefined;
}
