import type {
  ImpairmentCounters,
  LinkCondition,
  LinkDirection,
  LinkLimits,
  LinkMeasurement,
} from "../link/mod.ts";
import { ipFromBytes } from "../address/mod.ts";
import type { AddressFamily, BrokenFamilies, FamilyBreak } from "../firewall/broken_family.ts";
import { parseOptions } from "../options/parse_options.ts";
import { NodeRemovedError } from "../node/process/errors.ts";
import { effective } from "./model/condition_state.ts";
import type { LabCore } from "./model/lab.ts";
import type { MeasureOptions } from "../link/measure.ts";
import { DuplicateAddressError, TopologyError } from "./options/errors.ts";
import type { InterfaceRecord } from "./model/records.ts";
import type { BridgeReference, RouterReference } from "./options/options.ts";
import { interfaceState } from "./model/event_state.ts";
import { ops } from "./late.ts";

/**
 * The traffic of an interface since its link was made, as the kernel of the node counts it. A replug
 * makes another link, and so does a LAN's second member for the router's `lan`: counters start again.
 */
export interface InterfaceCounters {
  /** Packets received. */
  rxPackets: number;
  /** Packets sent. */
  txPackets: number;
  /** Bytes received, link headers included. */
  rxBytes: number;
  /** Bytes sent, link headers included. */
  txBytes: number;
  /** Damaged packets received. */
  rxErrors: number;
  /** Packets that could not be sent. */
  txErrors: number;
  /** Received packets that were dropped. */
  rxDropped: number;
  /** Packets that were dropped instead of sent. */
  txDropped: number;
  /** The counters of the condition of what the interface sends, while there is one. */
  up?: ImpairmentCounters;
  /** The counters of the condition of what the interface receives, while there is one. */
  down?: ImpairmentCounters;
}

/** A network interface of a node. */
export class Interface {
  #core: LabCore;
  #record: InterfaceRecord;

  /**
   * Made by the lab.
   *
   * @internal
   */
  constructor(core: LabCore, record: InterfaceRecord) {
    this.#core = core;
    this.#record = record;
  }

  /** Its name in the node, for example `eth0`. */
  get name(): string {
    return this.#record.name;
  }

  /** Its IPv4 address. */
  get ip(): string | undefined {
    return this.#now.ip;
  }

  /**
   * Its global or unique local IPv6 address. Where its kernel makes addresses from advertisements,
   * the stable one, or undefined until there is one; an interface that is down keeps the former
   * one.
   */
  get ip6(): string | undefined {
    return this.#now.ip6;
  }

  /** The temporary IPv6 address from which it sends; see {@link DeviceIpv6Options.privacy}. */
  get temporaryIp6(): string | undefined {
    const iface = this.#now;
    if (!iface.autoconf?.privacy) return undefined;
    const temporary = ops().temporaryOf(iface, ops().madeIn(iface.node));
    return temporary && ipFromBytes(temporary.ip);
  }

  /** Its link-local IPv6 address, without zone. */
  get linkLocal6(): string | undefined {
    return this.#now.linkLocal6;
  }

  /**
   * Its hardware address, which stays when it is replugged. One that a program changed
   * (`ip link set eth0 address ...`) is read from the kernel, but not from a guest's.
   */
  get mac(): string {
    return ops().readMac(this.#now);
  }

  /** The largest packet, in bytes. */
  get mtu(): number {
    return this.#now.mtu;
  }

  /**
   * False between {@link Interface.linkDown} and {@link Interface.linkUp}, and while a fault keeps
   * it down.
   */
  get isUp(): boolean {
    return this.#now.up;
  }

  /** The name of the router or bridge that it is attached to; undefined on the IX, or in a region. */
  get gateway(): string | undefined {
    const { segment } = this.#now;
    return segment.kind === "exchange" ? undefined : segment.owner.name;
  }

  /**
   * The effective condition of its link: undefined without one, or where the directions differ; see
   * {@link Interface.conditions}.
   */
  get condition(): LinkLimits | undefined {
    const { up, down } = this.conditions;
    return ops().sameLimits(up, down) ? up : undefined;
  }

  /** The effective condition of each direction of its link: `up` is for what it sends. */
  get conditions(): { up?: LinkLimits; down?: LinkLimits } {
    const { up, down } = this.#now.conditions;
    return {
      up: ops().resolveCondition(effective(up)),
      down: ops().resolveCondition(effective(down)),
    };
  }

  /**
   * Sets the condition of its link, for both directions or for one: a preset, limits, or null for
   * none. The interface stays up. Packets in transit arrive; with null, those that the emulator
   * holds arrive immediately. The condition stays when the interface is replugged. Resolves when it
   * is active.
   *
   * @example
   * ```ts ignore
   * const wlan = phone.interface("wlan0");
   * await wlan.setCondition("wifi-bad");
   * await wlan.setCondition({ rateKbit: 2_000 }, "up");
   * await wlan.setCondition(null);
   * ```
   */
  async setCondition(
    condition: LinkCondition | null,
    direction: LinkDirection = "both",
  ): Promise<void> {
    await this.#act("setCondition()", (iface) => {
      this.#mustBePlugged(iface, "setCondition()", "setDownlinkCondition() of the router, or ");
      const what = `${iface.node.name}: setCondition() of "${iface.name}"`;
      const requested = parseOptions(ops().requestedConditionSchema, condition, what);
      const way = parseOptions(ops().directionSchema, direction, `${what}: direction`);
      ops().setCondition(this.#core, iface, requested, way);
      ops().emitCondition(this.#core, iface, way);
    });
  }

  /**
   * Probes its link from both ends, by frames of an experimental type, and returns for each
   * direction the requested values beside the measured ones. Takes about a second plus the delays
   * of the link. The probes pass through the condition as all traffic does. A downlink condition of
   * the router is not part of the link; impairments of a whole bridge are, but do not count as
   * requested for this link.
   *
   * @example
   * ```ts ignore
   * const { up } = await phone.interface("wlan0").measure();
   * console.log(up.asked?.latencyMs, up.latencyMs);
   * ```
   */
  async measure(options: MeasureOptions = {}): Promise<LinkMeasurement> {
    const probes = await this.#act("measure()", (iface) => {
      this.#mustBePlugged(iface, "measure()");
      const what = `${iface.node.name}: measure() of "${iface.name}"`;
      const requested = parseOptions(ops().measureOptionsSchema, options, what);
      if (!iface.up) throw new TopologyError(`${what}: the interface is down; call linkUp() first`);
      const { mac, index, mtu, node, segment } = iface;
      const own = { namespace: node.runtime.namespace, index, mac };
      const port = { namespace: segment.owner.runtime.namespace, mac: segment.mac };
      const other = { ...port, index: segment.members.get(iface)!.index };
      const { up, down } = this.conditions;
      const { DirectionProbe } = ops();
      return [
        { probe: new DirectionProbe(own, other, mtu, up), requested },
        { probe: new DirectionProbe(other, own, mtu, down), requested },
      ];
    });
    try {
      const [up, down] = await Promise.all(
        probes.map(({ probe, requested }) => probe.run(requested)),
      );
      return { up, down };
    } finally {
      await Promise.all(probes.map(({ probe }) => probe.close()));
    }
  }

  /** Takes the interface down: nothing passes, and its routes are removed. Idempotent. */
  linkDown(): Promise<void> {
    return this.#act("linkDown()", (iface) => {
      this.#mustBePlugged(iface, "linkDown()");
      ops().setUp(this.#core, iface, false);
    });
  }

  /**
   * Brings it up again, and restores its addresses and routes. Idempotent. While a fault keeps it
   * down, it comes up when the fault is healed.
   */
  linkUp(): Promise<void> {
    return this.#act("linkUp()", (iface) => {
      this.#mustBePlugged(iface, "linkUp()");
      ops().setUp(this.#core, iface, true);
    });
  }

  /**
   * Unplugs the interface and plugs it into another router or bridge, as roaming does: name and MAC
   * stay, the addresses are new, routes follow, and addresses from {@link Interface.addIp} are
   * removed. An interface that is down stays down. On the router that it is on already, it keeps
   * its addresses.
   */
  replug(router: RouterReference | BridgeReference | string): Promise<void> {
    return this.#act("replug()", (iface) => {
      this.#mustBeDevice(iface, "replug()");
      const target = ops().findLan(
        this.#core,
        `${iface.node.name}: replug("${iface.name}")`,
        router,
      );
      ops().replug(this.#core, iface, target);
      this.#core.bus.emit({
        kind: "interface-replugged",
        node: iface.node.name,
        name: iface.name,
        gateway: target.name,
        interface: interfaceState(iface),
      });
    });
  }

  /**
   * Gets another IPv4 address of the same network, as from a new DHCP lease, and resolves with it.
   */
  renewIp(): Promise<string> {
    return this.#act("renewIp()", (iface) => {
      this.#mustBeDevice(iface, "renewIp()");
      const ip = ops().renewIp(this.#core, iface);
      this.#core.renamed(iface);
      this.#changed(iface);
      return ip;
    });
  }

  /**
   * Adds an additional address with its prefix length.
   *
   * @throws {DuplicateAddressError} If the lab detects duplicates, and another node has the address.
   */
  async addIp(ip: string, prefix: number): Promise<void> {
    try {
      await this.#act("addIp()", (iface) => {
        this.#mustBePlugged(iface, "addIp()");
        ops().addIp(this.#core, iface, ip, prefix);
        this.#changed(iface);
      });
    } catch (error) {
      if (error instanceof DuplicateAddressError) {
        ops().dropIp(this.#core, this.#now, ip);
        this.#changed(this.#now);
        await this.#core.settle();
      }
      throw error;
    }
  }

  /** Its broken address families, and how they are; see {@link Interface.setFamilyBroken}. */
  get brokenFamilies(): BrokenFamilies {
    return { ...this.#now.broken };
  }

  /**
   * Breaks a family on an interface of a device, or repairs it: nothing of the family comes in, and
   * with `true` packets that are sent are dropped silently, with `{ how: "reject" }` they are
   * rejected with an ICMP or ICMPv6 error "no route". Addresses, routes and neighbours stay
   * unchanged. It stays when the interface is replugged.
   */
  setFamilyBroken(family: AddressFamily, broken: boolean | { how?: FamilyBreak }): Promise<void> {
    return this.#act("setFamilyBroken()", (iface) => {
      const what = `${iface.node.name}: setFamilyBroken() of "${iface.name}"`;
      const [brokenFamily, how] = ops().askedBreak(what, family, broken);
      if (iface.node.kind !== "device") {
        throw new TopologyError(
          `${what}: only an interface of a device can lose a family; use setFamilyBroken() of ` +
            (iface.node.kind === "router" ? "the router itself" : "the router above"),
        );
      }
      ops().breakInterface(this.#core, iface, brokenFamily, how);
    });
  }

  /** Its traffic in packets and bytes (ip-link(8), `ip -s link`). */
  counters(): Promise<InterfaceCounters> {
    return this.#act("counters()", (iface) => {
      const { up, down } = iface.conditions;
      return {
        ...ops().linkState((write) => ops().inside(iface.node, write), iface.index).stats,
        ...up.impairment && { up: up.impairment.counters() },
        ...down.impairment && { down: down.impairment.counters() },
      };
    });
  }

  #changed(iface: InterfaceRecord): void {
    this.#core.bus.emit({
      kind: "interface-changed",
      node: iface.node.name,
      name: iface.name,
      interface: interfaceState(iface),
    });
  }

  #mustBeDevice(iface: InterfaceRecord, what: string): void {
    if (iface.node.kind !== "device" && iface.node.kind !== "vm") {
      throw new TopologyError(
        `${iface.node.name}: ${what} of "${iface.name}": only interfaces of devices and virtual machines move; ` +
          "remove the router and add it where it should be",
      );
    }
  }

  #mustBePlugged(iface: InterfaceRecord, what: string, instead = ""): void {
    if (iface.segment.members.has(iface)) return;
    throw new TopologyError(
      `${iface.node.name}: ${what} of "${iface.name}": a router's LAN is no link of its own; ` +
        `use ${instead}the interfaces that are attached to it`,
    );
  }

  get #now(): InterfaceRecord {
    const iface = this.#record;
    if (!iface.removed && !iface.node.removed) return iface;
    throw new NodeRemovedError(
      `${iface.node.name}: interface "${iface.name}" is gone; look it up again`,
    );
  }

  async #act<T>(what: string, act: (iface: InterfaceRecord) => T): Promise<T> {
    this.#core.open(`${this.#record.node.name}: ${what} of "${this.name}"`);
    const result = act(this.#now);
    await this.#core.settle([this.#record.node]);
    return result;
  }
}
