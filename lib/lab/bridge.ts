import type { z } from "zod";
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

/**
 * A bridge: members on one link layer, and a gateway. One that `lab.bridge()` made has networks of its
 * own and leads nowhere until it is routed; `router.lan` is that of a router.
 *
 * Members are named by their handles or names, or by anything else with a `name`. What is asked of a
 * pair of them holds for every protocol, ARP and IPv6 among them; between a member and the gateway
 * nothing is ever kept back. Each change is in force when its promise resolves.
 *
 * In each member the others are known as `<member>.<bridge>`.
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

  /** Its name; of a router's LAN, the router's. */
  get name(): string {
    return this.#segment.name;
  }

  /** The names of those who are attached, in the order in which they were. */
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
   * Attaches devices, each by a new interface `ethN`: all of them, or none if one cannot be. Who is
   * attached stays as it is. It becomes the way to everything else of a device that has none.
   */
  attach(member: Member | Member[]): Promise<void> {
    return this.#act("attach()", (segment, what) => {
      const list = [member].flat().map((one) => parseOptions(ops().memberSchema, one, what));
      ops().attachMembers(this.#core, segment, list);
    });
  }

  /**
   * Detaches a member: its interface here is gone, and with it what was asked of one direction only.
   * What holds both directions holds again when it comes back.
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

  /** Keeps two members from each other, also before they are attached. What is on its way is lost. */
  partition(a: Member, b: Member): Promise<void>;
  /** Keeps what one member sends from another; both must be attached and up. */
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

  /** Takes a partition of both directions back, if there is one. */
  unpartition(a: Member, b: Member): Promise<void>;
  /** Takes a partition of one direction back, if there is one. */
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

  /** Keeps every member from every other, also those that come later. */
  partitionAll(): Promise<void> {
    return this.#act("partitionAll()", (segment) => {
      ops().changePartitions(this.#core, segment, (partitions) => void (partitions.all = true));
    });
  }

  /** Takes {@link Bridge.partitionAll} back, and nothing else. */
  restoreAll(): Promise<void> {
    return this.#act("restoreAll()", (segment) => {
      ops().changePartitions(this.#core, segment, (partitions) => void (partitions.all = false));
    });
  }

  /** Whether a partition keeps what `a` sends from `b`; isolation is another matter. */
  isPartitioned(a: Member, b: Member): boolean {
    const { bridging: { partitions } } = this.#now;
    const { from, to } = this.#pair(this.#what("isPartitioned()"), a, b);
    return isPartitioned(partitions, from, to);
  }

  /** Keeps a member from all others, also before it is attached. */
  isolate(member: Member): Promise<void> {
    return this.#act("isolate()", (segment, what) => {
      const name = this.#named(what, member);
      ops().changePartitions(this.#core, segment, ({ isolated }) => void isolated.add(name));
    });
  }

  /** Takes {@link Bridge.isolate} back; partitions stay. */
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
   * Delays each frame on the bridge, one way, or those from one member to another, in milliseconds; 0
   * for not at all. It takes the place of what was asked before, and adds to all else that delays.
   */
  addLatency(ms: number | DirectionalLatency): Promise<void> {
    return this.#impair(
      "addLatency()",
      ops().latencySchema,
      ms,
      (value) => typeof value === "number" ? { latencyMs: value } : { latencyMs: value.ms },
    );
  }

  /** Loses frames on the bridge, or of those from one member to another, in percent; 0 for none. */
  dropRate(pct: number | DirectionalDropRate): Promise<void> {
    return this.#impair(
      "dropRate()",
      ops().dropRateSchema,
      pct,
      (value) => typeof value === "number" ? { dropRatePct: value } : { dropRatePct: value.pct },
    );
  }

  /**
   * Limits the bit rate, in bits per second of whole frames, of all that passes the bridge together, or
   * of what one member sends to another; 0 for unlimited.
   */
  bandwidthLimit(bps: number | DirectionalBandwidth): Promise<void> {
    return this.#impair(
      "bandwidthLimit()",
      ops().bandwidthSchema,
      bps,
      (value) => typeof value === "number" ? { bandwidthBps: value } : { bandwidthBps: value.bps },
    );
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

  /** Takes all impairments, partitions and isolations back. */
  async reset(): Promise<void> {
    await this.#act("reset()", (segment) => {
      ops().applySettings(this.#core, segment, ops().plainSettings());
    });
    await this.#settle();
  }

  /**
   * Has the members of this bridge and of others reach each other, by IPv4 and IPv6: of all the others,
   * or of none if one cannot be. Who is routed with one is not with its partners.
   */
  route(other: BridgeReference | string | (BridgeReference | string)[]): Promise<void> {
    return this.#act("route()", (segment, what) => {
      const others = [other].flat().map((one) => ops().findLan(this.#core, what, one));
      ops().routeBridges(this.#core, segment, others);
    });
  }

  /** Takes {@link Bridge.route} back, whichever side it was asked of. */
  unroute(other: BridgeReference | string): Promise<void> {
    return this.#act("unroute()", (segment, what) => {
      ops().unrouteBridges(this.#core, segment, ops().findLan(this.#core, what, other));
    });
  }

  /** The names of the bridges that it was routed with. */
  get routes(): string[] {
    return [...this.#now.bridging.partners.keys()].map(({ name }) => name);
  }

  /**
   * Captures all that goes over it, each frame once; nothing is missed from the moment on at which it
   * resolves.
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
   * Has the members reach what the host reaches, by IPv4 and IPv6 as far as the host has a default
   * route: its own addresses, its networks and all beyond them, by TCP, UDP and ping. "The host" is
   * the network namespace that this process is in. What they send has the host's address there;
   * nothing from outside reaches them, and neither do members of other bridges, whether these are led
   * out or routed with this one. Twice is as once. Only what `lab.bridge()` made can be led out: the
   * way out of a router's LAN is the router.
   *
   * On the host there are meanwhile a link `netyard…` and a table of nftables, and its links forward:
   * those that did not before, for uplinks alone (`net.ipv4.conf.*.forwarding` is 2, and for IPv6
   * `force_forwarding` is 1). All of it goes with {@link Bridge.disableUplink}, the bridge, the lab or
   * the process, however it ends; forwarding, when nobody's uplink needs it any more.
   *
   * What it does not do:
   *
   * - Another firewall of the host has its say. Where it drops what is forwarded, as Docker's does,
   *   let `-i netyard+` and, for answers, `-o netyard+` pass (`iptables -I DOCKER-USER`).
   * - Names are another matter: {@linkcode Lab.setNameserver} takes a server's address.
   * - Networks of the host that have the addresses of this bridge, or of one that it is routed with,
   *   are not reached. Links that the host gets later carry no answers until it is enabled again.
   * - IPv6 needs a host that forwards it already, or Linux 6.17; else it is IPv4 alone. The event
   *   `uplink-enabled` says which there are.
   * - A process that the rootless entry made root has a network of its own, without a way out. An
   *   ordinary user's script has one when it is started as
   *   `pasta --config-net -- unshare --mount-proc -- deno run ...` (package passt). The user must be
   *   let open `/dev/net/tun`, and for ping `net.ipv4.ping_group_range` is to hold the user's group.
   *
   * @throws {UplinkError} without a default route, and where the host refuses it; nothing is changed.
   */
  async enableUplink(): Promise<void> {
    const what = this.#what("enableUplink()");
    this.#core.open(what);
    await ops().enableUplink(this.#core, this.#now, what);
    await this.#core.settle();
  }

  /** Takes {@link Bridge.enableUplink} back; what went on by it ends. */
  async disableUplink(): Promise<void> {
    this.#core.open(this.#what("disableUplink()"));
    await ops().disableUplink(this.#core, this.#now);
  }

  /** Whether the members reach what the host reaches. */
  get isUplinked(): boolean {
    return this.#now.bridging.uplink !== undefined;
  }

  /** A member's network card on this bridge. */
  nic(member: Member): Nic {
    const what = this.#what("nic()");
    this.#core.open(what);
    const [iface] = ops().attachedBy(this.#now, what, this.#named(what, member));
    return new Nic(this.#core, iface);
  }

  /**
   * Removes the bridge: its members are detached. A router's LAN goes with the router, and only so.
   * Twice is as once.
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
    schema: z.ZodType<T>,
    given: T,
    change: (value: T) => Partial<Impairments>,
  ): Promise<void> {
    await this.#act(method, (segment, what) => {
      const value = parseOptions(schema, given, what);
      const changed = change(value);
      if (typeof value === "number") {
        ops().impairWhole(this.#core, segment, { ...segment.bridging.whole, ...changed });
      } else {
        const { from, to } = this.#pair(what, value as MemberPair);
        const isClear = Object.values(changed).every((each) => each === 0);
        if (!isClear) ops().mustBeUp(segment, what, [from, to]);
        const wanted = { ...ops().impairmentsOf(segment, from, to), ...changed };
        ops().impairDirection(this.#core, segment, from, to, wanted);
      }
      ops().emitImpairments(this.#core, segment);
    });
    await this.#settle();
  }

  /** Waits until what was asked is in force. */
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
