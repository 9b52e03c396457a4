import type { Impairments } from "../bridge/impairments.ts";
import { directionKey, isPartitioned, pairKey } from "../bridge/partitions.ts";
import { NodeRemovedError } from "../node/process/errors.ts";
import { parseOptions } from "../options/parse_options.ts";
import type { Capture } from "../node/capture/capture.ts";
import type { CaptureOptions } from "../node/capture/capture_options.ts";
import type {
  DirectionalBandwidth,
  DirectionalDropRate,
  DirectionalLatency,
  Member,
  MemberPair,
} from "./options/bridge_options.ts";
import type { LabCore } from "./model/lab.ts";
import { bridgeHandles, handles } from "./model/handles.ts";
import type { Segment } from "./model/records.ts";
import { Nic } from "./nic.ts";
import type { BridgeReference } from "./options/options.ts";
import { ops } from "./late.ts";
import type { Schema } from "../options/schema.ts";

/**
 * A bridge: members on one link layer, and a gateway. A bridge from `lab.bridge()` has networks of
 * its own and leads nowhere until it is routed; `router.lan` is the LAN of a router.
 *
 * Methods take members as handles or names, or as anything else with a `name`. Settings for a pair
 * of them apply to every protocol, ARP and IPv6 included; traffic between a member and the gateway
 * is never blocked. Each change is effective when its promise resolves.
 *
 * In each member the others have the names `<member>.<bridge>`.
 *
 * @example
 * ```ts ignore
 * const lan = lab.bridge("lan");
 * const [a, b] = await Promise.all(["a", "b"].map((name) => lab.addDevice(name)));
 * await lan.attach([a, b]);
 * await a.$`ping -c 1 b.lan`;
 * await lan.partition(a, b);
 * ```
 */
export class Bridge implements AsyncDisposable {
  #core: LabCore;
  #segment: Segment;

  /**
   * Made by the lab.
   *
   * @internal
   */
  constructor(core: LabCore, segment: Segment) {
    this.#core = core;
    this.#segment = segment;
    bridgeHandles.set(this, segment);
    if (segment.owner.kind === "bridge") handles.set(this, segment.owner);
  }

  /** Its name; the LAN of a router has the router's name. */
  get name(): string {
    return this.#segment.name;
  }

  /** The names of its members, in the order in which they were attached. */
  get members(): string[] {
    return ops().memberNodes(this.#now);
  }

  /** The IPv4 network of its members. */
  get cidr(): string | undefined {
    return this.#now.v4?.cidr.toString();
  }

  /** The IPv4 address of its gateway. */
  get gateway(): string | undefined {
    return this.#now.v4?.gateway;
  }

  /** The IPv6 network of its members. */
  get cidr6(): string | undefined {
    return this.#now.v6?.cidr.toString();
  }

  /** The IPv6 address of its gateway. */
  get gateway6(): string | undefined {
    return this.#now.v6?.gateway;
  }

  /**
   * Attaches devices and virtual machines, each by a new interface `ethN`: all of them, or none if
   * one is refused. Members stay unchanged. A node without a default route gets one by this
   * interface.
   */
  attach(member: Member | Member[]): Promise<void> {
    return this.#act("attach()", (segment, what) => {
      const list = [member].flat().map((one) => parseOptions(ops().memberSchema, one, what));
      ops().attachMembers(this.#core, segment, list);
    });
  }

  /**
   * Detaches a member: removes its interface here, and settings for one direction only. Settings for
   * both directions apply again when it is attached again.
   */
  detach(member: Member): Promise<void> {
    return this.#act("detach()", (segment, what) => {
      ops().detachMember(
        this.#core,
        segment,
        parseOptions(ops().memberSchema, member, what),
        "detach()",
      );
    });
  }

  /**
   * Partitions two members, even before they are attached; a bare name need not be that of a node yet.
   * Frames in transit are lost.
   */
  partition(a: Member, b: Member): Promise<void>;
  /**
   * Blocks what one member sends to another, except address resolution (ARP, and Neighbor Discovery):
   * the other direction still works. Both must be attached and up.
   */
  partition(pair: MemberPair): Promise<void>;
  partition(first: Member | MemberPair, second?: Member): Promise<void> {
    return this.#act("partition()", (segment, what) => {
      const { from, to, oneWay } = this.#pair(what, first, second);
      if (oneWay) ops().mustBeUp(segment, what, [from, to]);
      ops().changePartitions(this.#core, segment, (partitions) => {
        if (oneWay) partitions.oneWay.add(directionKey(from, to));
        else partitions.pairs.add(pairKey(from, to));
      });
    });
  }

  /** Removes a partition of both directions, if there is one. */
  unpartition(a: Member, b: Member): Promise<void>;
  /** Removes a partition of one direction, if there is one. */
  unpartition(pair: MemberPair): Promise<void>;
  unpartition(first: Member | MemberPair, second?: Member): Promise<void> {
    return this.#act("unpartition()", (segment, what) => {
      const { from, to, oneWay } = this.#pair(what, first, second);
      ops().changePartitions(this.#core, segment, (partitions) => {
        if (oneWay) partitions.oneWay.delete(directionKey(from, to));
        else partitions.pairs.delete(pairKey(from, to));
      });
    });
  }

  /** Partitions all members from each other, later ones included. */
  partitionAll(): Promise<void> {
    return this.#act("partitionAll()", (segment) => {
      ops().changePartitions(this.#core, segment, (partitions) => void (partitions.all = true));
    });
  }

  /** Removes all partitions: that of {@link Bridge.partitionAll}, of pairs and of single directions. Isolation stays. */
  restoreAll(): Promise<void> {
    return this.#act("restoreAll()", (segment) => {
      ops().changePartitions(this.#core, segment, (partitions) => {
        partitions.all = false;
        partitions.pairs.clear();
        partitions.oneWay.clear();
      });
    });
  }

  /** Whether a partition blocks what `a` sends to `b`; isolation does not count. */
  isPartitioned(a: Member, b: Member): boolean {
    const { bridging: { partitions } } = this.#now;
    const { from, to } = this.#pair(this.#what("isPartitioned()"), a, b);
    return isPartitioned(partitions, from, to);
  }

  /** Isolates a member from all others, even before it is attached, or there is a node of that name. */
  isolate(member: Member): Promise<void> {
    return this.#act("isolate()", (segment, what) => {
      const name = this.#named(what, member);
      ops().changePartitions(this.#core, segment, ({ isolated }) => void isolated.add(name));
    });
  }

  /** Removes {@link Bridge.isolate}; partitions stay. */
  unisolate(member: Member): Promise<void> {
    return this.#act("unisolate()", (segment, what) => {
      const name = this.#named(what, member);
      ops().changePartitions(this.#core, segment, ({ isolated }) => void isolated.delete(name));
    });
  }

  /** Whether a member is isolated. */
  isIsolated(member: Member): boolean {
    const { bridging: { partitions } } = this.#now;
    return partitions.isolated.has(this.#named(this.#what("isIsolated()"), member));
  }

  /**
   * Delays each frame on the bridge, in each direction, or those from one member to another, in
   * milliseconds; 0 for no delay. It replaces the former value, and adds to all other delays.
   */
  addLatency(ms: number | DirectionalLatency): Promise<void> {
    return this.#impair("addLatency()", ops().latencySchema, ms, (value) => ({
      latencyMs: typeof value === "number" ? value : value.ms,
    }));
  }

  /** Drops frames on the bridge, or those from one member to another, in percent; 0 for none. */
  dropRate(pct: number | DirectionalDropRate): Promise<void> {
    return this.#impair("dropRate()", ops().dropRateSchema, pct, (value) => ({
      dropRatePct: typeof value === "number" ? value : value.pct,
    }));
  }

  /**
   * Limits the bit rate, in bits per second of whole frames, of everything on the bridge together,
   * or of what one member sends to another; 0 for unlimited.
   */
  bandwidthLimit(bps: number | DirectionalBandwidth): Promise<void> {
    return this.#impair("bandwidthLimit()", ops().bandwidthSchema, bps, (value) => ({
      bandwidthBps: typeof value === "number" ? value : value.bps,
    }));
  }

  /** The delay of the whole bridge, in milliseconds. */
  get latencyMs(): number {
    return this.#now.bridging.whole.latencyMs;
  }

  /** The loss of the whole bridge, in percent. */
  get dropRatePct(): number {
    return this.#now.bridging.whole.dropRatePct;
  }

  /** The rate of the whole bridge, in bits per second; 0 for unlimited. */
  get bandwidthBps(): number {
    return this.#now.bridging.whole.bandwidthBps;
  }

  /** Removes all impairments, partitions and isolations. */
  async reset(): Promise<void> {
    await this.#act("reset()", (segment) => {
      ops().applySettings(this.#core, segment, ops().plainSettings());
    });
    await this.#settle();
  }

  /**
   * Routes between this bridge and others, by IPv4 and IPv6: between all of them, or none if one is
   * refused. It is not transitive: a bridge that is routed with this one is not with its other
   * partners.
   */
  route(other: BridgeReference | string | (BridgeReference | string)[]): Promise<void> {
    return this.#act("route()", (segment, what) => {
      const others = [other].flat().map((one) => ops().findLan(this.#core, what, one));
      ops().routeBridges(this.#core, segment, others);
    });
  }

  /** Removes {@link Bridge.route}, whichever of the two bridges it was called on. */
  unroute(other: BridgeReference | string): Promise<void> {
    return this.#act("unroute()", (segment, what) => {
      ops().unrouteBridges(this.#core, segment, ops().findLan(this.#core, what, other));
    });
  }

  /** The names of the bridges that it is routed with. */
  get routes(): string[] {
    return [...this.#now.bridging.partners.keys()].map(({ name }) => name);
  }

  /**
   * Captures all frames on it, each once, from the moment at which the promise resolves.
   *
   * @example
   * ```ts ignore
   * await using capture = await lan.capture();
   * await a.run("ping -c 1 b.lan");
   * await capture.expect((packet) => packet.protocol === "icmp");
   * await capture.toFile("ping.pcap");
   * ```
   */
  async capture(options: CaptureOptions = {}): Promise<Capture> {
    this.#core.open(this.#what("capture()"));
    return await ops().captureBridge(this.#core, this.#now, options);
  }

  /**
   * Connects the members to what the host reaches, by IPv4 and IPv6 as far as the host has a
   * default route: its own addresses, its networks and everything beyond, by TCP, UDP and ping.
   * "The host" is the network namespace that this process is in. Members' packets have the host's
   * address there. Nothing from outside reaches the members, and neither do members of other
   * bridges, whether those have an uplink or are routed with this one. Idempotent. Only a bridge
   * from `lab.bridge()` can have an uplink: that of a router's LAN is the router.
   *
   * Meanwhile the host has a link `netyard…` and an nftables table, and its links forward: those
   * that did not before, only for uplinks (`net.ipv4.conf.*.forwarding` is 2, and for IPv6
   * `force_forwarding` is 1). All of it is removed by {@link Bridge.disableUplink}, and with the
   * bridge, the lab or the process, however it ends; forwarding, when no uplink needs it any more.
   *
   * Limits:
   *
   * - Another firewall of the host applies too. If it drops forwarded packets, as Docker's does,
   *   allow `-i netyard+` and, for answers, `-o netyard+` (`iptables -I DOCKER-USER`).
   * - It does not configure names: {@linkcode Lab.setNameserver} takes the address of a server.
   * - Networks of the host with the addresses of this bridge, or of one that it is routed with, are
   *   not reached. Links that the host gets later carry no answers until the uplink is enabled
   *   again.
   * - IPv6 needs a host that forwards it already, or Linux 6.17; otherwise there is IPv4 only. The
   *   event `uplink-enabled` says which families there are.
   * - A process that the rootless entry made root has a network of its own that leads nowhere. An
   *   ordinary user's script has a way out if it is started as `pasta --config-net -- unshare
   *   --mount-proc -- deno run ...` (package passt). The user needs permission to open
   *   `/dev/net/tun`, and for ping `net.ipv4.ping_group_range` must include the user's group.
   *
   * @throws {UplinkError} without a default route, and where the host refuses it; nothing is
   * changed.
   */
  async enableUplink(): Promise<void> {
    const what = this.#what("enableUplink()");
    this.#core.open(what);
    await ops().enableUplink(this.#core, this.#now, what);
    await this.#core.settle();
  }

  /** Removes the uplink of {@link Bridge.enableUplink}; connections through it end. */
  async disableUplink(): Promise<void> {
    this.#core.open(this.#what("disableUplink()"));
    await ops().disableUplink(this.#core, this.#now);
  }

  /** Whether it has an uplink to what the host reaches. */
  get isUplinked(): boolean {
    return this.#now.bridging.uplink !== undefined;
  }

  /** The NIC of a member on this bridge. */
  nic(member: Member): Nic {
    const what = this.#what("nic()");
    this.#core.open(what);
    const [iface] = ops().attachedBy(
      this.#now,
      what,
      ops().memberNode(this.#core, what, parseOptions(ops().memberSchema, member, what)).name,
    );
    return new Nic(this.#core, iface);
  }

  /**
   * Removes the bridge and detaches its members. Idempotent. Refused for a router's LAN, which is
   * removed with the router.
   */
  async close(): Promise<void> {
    await ops().closeBridge(this.#core, this.#segment);
  }

  /** As {@link Bridge.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #impair<T extends number | MemberPair>(
    method: string,
    schema: Schema<T>,
    given: T,
    change: (value: T) => Partial<Impairments>,
  ): Promise<void> {
    await this.#act(method, (segment, what) => {
      const value = parseOptions(schema, given, what);
      const pair = typeof value === "number" ? undefined : value as MemberPair;
      ops().changeImpairments(this.#core, segment, what, change(value), pair);
    });
    await this.#settle();
  }

  /** Waits until conditions are active, and removes detours that are no longer needed. */
  async #settle(): Promise<void> {
    await this.#core.links.ready();
    if (!this.#core.closed && !this.#segment.owner.removed) {
      ops().removeClosingDetours(this.#segment);
    }
  }

  #named(what: string, member: Member): string {
    return ops().memberName(this.#core, what, member);
  }

  #pair(what: string, first: Member | MemberPair, second?: Member) {
    return ops().namedPair(this.#core, what, first, second);
  }

  #what(method: string): string {
    return `bridge "${this.name}": ${method}`;
  }

  get #now(): Segment {
    const { owner, name } = this.#segment;
    if (!owner.removed) return this.#segment;
    throw new NodeRemovedError(`bridge "${name}" was removed; lab.bridge("${name}") makes another`);
  }

  async #act(method: string, act: (segment: Segment, what: string) => void): Promise<void> {
    const what = this.#what(method);
    this.#core.open(what);
    act(this.#now, what);
    await this.#core.settle([...this.#segment.members.keys()].map(({ node }) => node));
  }
}

const made = new WeakMap<Segment, Bridge>();

/** The handle of a bridge: the same one for the same bridge. */
export function bridgeHandle(core: LabCore, segment: Segment): Bridge {
  const known = made.get(segment);
  if (known) return known;
  const bridge = new Bridge(core, segment);
  made.set(segment, bridge);
  return bridge;
}
