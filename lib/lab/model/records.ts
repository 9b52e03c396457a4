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
import type { Card } from "../../vm/saved/machine.ts";
import type { VirtualMachine } from "../../vm/virtual_machine.ts";
import type { Conditions, Impaired } from "./condition_state.ts";
import type { PrefixDelegation } from "../options/delegation_options.ts";
import type { Network } from "./address_plan.ts";
import type { RouterAdvertisementOptions } from "../options/ipv6_options.ts";
import type { IpSupport, Pool, RouterPreset } from "../options/router_presets.ts";
import type { RegionWay } from "./region_paths.ts";

/** What all nodes have: a namespace and links. Plain data; `wiring.ts` acts on it. */
export interface NodeRecord {
  kind: "ix" | "region" | "router" | "device" | "bridge" | "vm";
  name: string;
  runtime: NodeRuntime;
  interfaces: Map<string, InterfaceRecord>;
  /** The index that the next link made in this namespace gets, if nobody else took it. */
  nextIndex: number;
  /** The names of all links in this namespace. */
  links: Set<string>;
  /** What the kernel has yet to finish, in all nodes of the lab. */
  unsettled: Unsettled;
  /** How IPv6 addresses come about, in all nodes of the lab. */
  provisioning: Provisioner;
  /** Whether anything of the user's ran in it, so that it may have learnt neighbours. */
  used: boolean;
  /** The rules of its part in path-MTU black holes, as they are loaded; see `black_hole.ts`. */
  blackHole: string;
  removed: boolean;
}

/** Takes note of what is ready only some time after it was made; `settle.ts` waits for it. */
export interface Unsettled {
  add(node: NodeRecord, links: number[], ips?: (string | undefined)[]): void;
  drop(node: NodeRecord, ips?: (string | undefined)[]): void;
}

/** Has kernels make IPv6 addresses, or look whether they may use one; `provisioning.ts` does. */
export interface Provisioner {
  /** Whether kernels look if somebody has an address before they use it. */
  readonly dad: boolean;
  /** Called before an interface is set up. */
  beforeUp(iface: InterfaceRecord, isDefault: boolean): void;
  /** Called once it was set up, with all but what its kernel makes. */
  afterUp(iface: InterfaceRecord): void;
  /** Called once it was set down, or its link was taken away. */
  down(iface: InterfaceRecord): void;
  /** Whether its kernel makes addresses at the moment. */
  isAtWork(iface: InterfaceRecord): boolean;
  /** Takes note that what a segment's router advertises is another prefix. */
  renumbered(segment: Segment): void;
  /** Has routes follow another default interface. */
  prefer(iface: InterfaceRecord): void;
}

export interface RouterRecord extends NodeRecord {
  kind: "router";
  preset: RouterPreset | undefined;
  nat: Nat;
  natV6: NatV6;
  /** The prefix by which NPTv6 makes its LAN known; kept while another mode is in force. */
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
  /** What it has to do with prefix delegation. */
  delegation: PrefixDelegation | undefined;
  /** The prefix that was delegated to it, of which its LAN has the first /64. */
  delegated: Cidr | undefined;
  /** The networks that its LAN had before, the last ones. */
  withdrawn: string[];
  /** Whether it is being built still, and waits for that. */
  pending: boolean;
  /** What its NAT64 is made of, while it has one. */
  nat64: { translation: Translation; link: string; dns: Dns64Server | undefined } | undefined;
  /** The end of the name server that it had, whose port is free only then. */
  dnsClosing: Promise<void> | undefined;
  /** Whether a name server comes with its NAT64. */
  dns64: boolean;
  /** What it tells those behind it, while any of them listens. */
  advertisement: Required<RouterAdvertisementOptions>;
}

/** Its node is called `region-<name>`, so that a router may have the region's name. */
export interface RegionRecord extends NodeRecord {
  kind: "region";
  /** What the region is called. */
  region: string;
  /** The link to the exchange. */
  uplink: InterfaceRecord;
  /** What its routers are attached to. */
  segment: Segment & { v4: Network; v6: Network };
  /** The way to each other region, as its routes are now; absent where that is not known. */
  ways: Map<string, RegionWay>;
}

/** A bridge that is no router's LAN: a node that holds the gateway's addresses and no more. */
export interface BridgeRecord extends NodeRecord {
  kind: "bridge";
  /** What its members are attached to. */
  segment: Segment;
}

export interface DeviceRecord extends NodeRecord {
  kind: "device";
  /** Undefined: that of each router. */
  mtu: number | undefined;
  /** The interface of the default route. */
  defaultInterface: string | undefined;
  names: Map<string, string[]>;
  /** How it gets IPv6 addresses behind routers; undefined: from the lab. */
  autoconf: Autoconf | undefined;
  /** Whether it is to have a CLAT where it has no IPv4 and a NAT64 is on its way. */
  clat: boolean;
  /** The CLAT that it has. */
  clatNow: Clat | undefined;
}

/** A CLAT in force. */
export interface Clat {
  translation: Translation;
  /** What its TUN is called. */
  link: string;
  /** The interface that it sends by, and where that was when the address was taken. */
  iface: InterfaceRecord;
  segment: Segment;
  /** The interface's own address then, by which the router sends to it. */
  via: string | undefined;
  /** Where its address is from; the segment may have another network by now. */
  hosts: Network["hosts"];
  /** The IPv6 address that stands for its IPv4 one. */
  ip6: string;
}

/** A virtual machine. What is in its namespace is QEMU and the links to its cards. */
export interface VmRecord extends NodeRecord {
  kind: "vm";
  /** The interface of the default route. */
  defaultInterface: string | undefined;
  names: Map<string, string[]>;
  machine: VirtualMachine;
  profile: string;
  memoryBytes: number;
  cpus: number;
  /** The cards that it ever had, by their interfaces' names. */
  cards: Map<string, CardRecord>;
  /** What its guest was told since it came up, by what it is about. */
  told: Map<string, string>;
}

/** A network card of a virtual machine: a TAP, on which QEMU is, and its interface's link. */
export interface CardRecord {
  card: Card;
  tap: Port;
  /** Undefined while it is attached to nothing. */
  iface: InterfaceRecord | undefined;
}

/**
 * What interfaces attach to. A router's LAN is one link layer: the one veth of
 * its only member, or a bridge from the second on (a bridge costs 20 ms of
 * kernel cleanup); `lab.bridge()` always has one. An exchange, which is the IX or a region, has no link layer of
 * its own: it routes between the veths of its members, so that each router has one
 * neighbour and not all.
 */
export interface Segment {
  kind: "lan" | "exchange";
  owner: NodeRecord;
  /** What it is called as a bridge: as its owner. */
  name: string;
  /** Whether it is a Linux bridge from its first member on. */
  alwaysBridge: boolean;
  /** Of a LAN: what was asked of it as a bridge. */
  bridging: Bridging;
  mtu: number;
  /** The MAC of the gateway, and the link-local address that follows from it. */
  mac: string;
  linkLocal: string;
  v4: Network | undefined;
  v6: Network | undefined;
  /** Who is attached. */
  members: Map<InterfaceRecord, Port>;
  /** Of a LAN: the link that holds the gateway's addresses. */
  gatewayLink: GatewayLink | undefined;
  /** Networks behind members, by CIDR, and the member each is behind. */
  routes: Map<string, InterfaceRecord>;
  /** Of a LAN: the condition of all that its router sends into it; by a bridge, also of one member. */
  downlink: Impaired;
  /** The uplinks of those members that are path-MTU black holes. */
  blackHoles: Set<InterfaceRecord>;
  /** Whom each member knows as a permanent neighbour, beside the gateway. */
  acquainted: Map<InterfaceRecord, Set<InterfaceRecord>>;
  /** Whether that is everyone. */
  allAcquainted: boolean;
}

/** What was asked of a LAN as a bridge, and what puts it in force. */
export interface Bridging {
  partitions: Partitions;
  /** The impairments of the whole bridge. */
  whole: Impairments;
  /** The rate that all frames have together, if there is one. */
  rate: SharedRate | undefined;
  /** The impairments of the way from one member to another, by the key of the way. */
  ways: Map<string, Impairments>;
  detours: Set<Detour>;
  /** How many detours there were so far. */
  madeDetours: number;
  /** The rules that are loaded, and with which links. */
  loaded: string;
  /** The bridges that it was routed with, and the end here of the link between the two. */
  partners: Map<Segment, RouteEnd>;
  /** Its way to what the host reaches, if there is one. */
  uplink: Uplink | undefined;
  /** Members whose port was set down. */
  disconnected: Set<InterfaceRecord>;
}

/** The way from a bridge to what the host reaches. */
export interface Uplink {
  /** Takes all of it away, on both sides; resolves when the host is as it was. */
  close(): Promise<void>;
}

/** What frames from one member's port to another's go through instead of going there directly. */
export interface Detour {
  from: InterfaceRecord;
  to: InterfaceRecord;
  /** The key of the way in `Bridging.ways`. */
  way: string;
  number: number;
  entry: Port;
  exit: Port;
  /** The condition of what leaves by the entry. */
  impaired: Impaired;
  /** Whether it is only there for what is on it still. */
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

/** How the kernel of a device makes IPv6 addresses of what its router advertises. */
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
  /** Whether it is up in effect: it is to be, and no fault keeps it down. */
  up: boolean;
  wantedUp: boolean;
  heldDown: Set<object>;
  conditions: Conditions;
  /** The families that nothing comes by it of, nor leaves. */
  broken: BrokenFamilies;
  /** Added by addIp. */
  extra: { ip: string; prefix: number }[];
  removed: boolean;
}

/** The network by which other nodes reach a router's LAN; undefined where NPTv6 does not translate it. */
export function externalCidr6({ natV6, external6 }: RouterRecord): string | undefined {
  return natV6 === "nptv6" ? external6?.toString() : undefined;
}

/** The interface that carries a node's default route. */
export function defaultInterface(node: NodeRecord): InterfaceRecord | undefined {
  if (node.kind === "router") return (node as RouterRecord).uplink;
  const { defaultInterface: name } = node as DeviceRecord;
  return name === undefined ? undefined : node.interfaces.get(name);
}

/** The router whose NAT64 translates the packets of an interface to IPv4, if there is one on the path. */
export function nat64Above(iface: InterfaceRecord | undefined): RouterRecord | undefined {
  if (!iface?.ip6) return undefined;
  const { owner } = iface.segment;
  return owner.kind === "router" ? nat64Over(owner as RouterRecord) : undefined;
}

/** The nearest router with NAT64 on the path upward: the router itself, or one above it. */
export function nat64Over(router: RouterRecord): RouterRecord | undefined {
  for (let one: RouterRecord | null = router; one; one = one.upstream) {
    if (one.natV6 === "nat64") return one;
  }
  return undefined;
}
