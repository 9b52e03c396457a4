import { gatewayInterface } from "./model/gateway_interface.ts";
import type { AddressFamily, BrokenFamilies, FamilyBreak } from "../firewall/broken_family.ts";
import type { Firewall } from "../firewall/config.ts";
import type { ImpairmentCounters, LinkCondition, LinkLimits } from "../link/mod.ts";
import type { Nat } from "../nat/config.ts";
import type { NatV6 } from "../nat/config_v6.ts";
import { NAT64_PREFIX } from "../siit/embed.ts";
import type { Capture } from "../node/capture/capture.ts";
import type { CaptureOptions } from "../node/capture/capture_options.ts";
import { NodeRemovedError } from "../node/process/errors.ts";
import { Node } from "../node/node.ts";
import { parseOptions } from "../options/parse_options.ts";
import { effective } from "./model/condition_state.ts";
import type { LabCore } from "./model/lab.ts";
import { type Bridge, bridgeHandle } from "./bridge.ts";
import { handles } from "./model/handles.ts";
import { NotFoundError } from "./options/errors.ts";
import { Interface } from "./interface.ts";
import type { RouterAdvertisementOptions } from "./options/ipv6_options.ts";
import { externalCidr6, type InterfaceRecord, type RouterRecord } from "./model/records.ts";
import { interfaceState } from "./model/event_state.ts";
import { hasV6 } from "./options/families.ts";
import type { IpSupport, RouterPreset } from "./options/router_presets.ts";
import { type Region, regionHandle } from "./region.ts";
import type { TranslationCounters } from "../translation/mod.ts";
import { undoing } from "./model/undo.ts";
import type { RouterCounters } from "./wiring/router_counters.ts";
import { ops } from "./late.ts";

/**
 * A router: an uplink to the IX, to its region or to another router, a LAN, and between the two a NAT
 * and a firewall.
 */
export class Router extends Node {
  #core: LabCore;
  #record: RouterRecord;

  /**
   * Made by `lab.addRouter()`.
   *
   * @internal
   */
  constructor(core: LabCore, record: RouterRecord) {
    super(record.runtime);
    this.#core = core;
    this.#record = record;
    handles.set(this, record);
  }

  /** Its uplink (`ix` or `wan`) and, once something is attached, its LAN. */
  get interfaces(): Interface[] {
    return this.#links().map((record) => new Interface(this.#core, record));
  }

  /** Finds an interface: `ix` or `wan` for the uplink, `lan` for the downlink. */
  interface(name: string): Interface {
    const found = this.#links().find((record) => record.name === name);
    if (!found) {
      const names = this.#links().map((record) => record.name).join(", ");
      throw new NotFoundError(`${this.name}: there is no interface "${name}"; there are: ${names}`);
    }
    return new Interface(this.#core, found);
  }

  /** The preset that it was made from. */
  get preset(): RouterPreset | undefined {
    return this.#now.preset;
  }

  /** Its IPv4 address on the uplink. */
  get uplinkIp(): string | undefined {
    return this.#now.uplink.ip;
  }

  /** Its IPv6 address on the uplink. */
  get uplinkIp6(): string | undefined {
    return this.#now.uplink.ip6;
  }

  /** Its LAN as a bridge, which has the router's name: always the same handle. */
  get lan(): Bridge {
    return bridgeHandle(this.#core, this.#now.lan);
  }

  /** The IPv4 network of its LAN. */
  get downstreamCidr(): string | undefined {
    return this.#now.lan.v4?.cidr.toString();
  }

  /** Its IPv4 address in that network. */
  get downstreamGateway(): string | undefined {
    return this.#now.lan.v4?.gateway;
  }

  /** The IPv6 network of its LAN. */
  get downstreamCidr6(): string | undefined {
    return this.#now.lan.v6?.cidr.toString();
  }

  /** Its IPv6 address in that network. */
  get downstreamGateway6(): string | undefined {
    return this.#now.lan.v6?.gateway;
  }

  /**
   * The IPv6 prefix that its ISP delegated to it, of which its LAN has the first /64; see
   * {@link RouterOptions.prefixDelegation}. Undefined without a delegation, or once it has expired.
   */
  get delegatedPrefix(): string | undefined {
    return this.#now.delegated?.toString();
  }

  /** Its IPv4 NAT, as requested. */
  get nat(): Nat {
    return this.#now.nat;
  }

  /** How it translates the IPv6 addresses of nodes downstream. */
  get natV6(): NatV6 {
    return this.#now.natV6;
  }

  /** The IPv6 network to which it translates that of its LAN, where `natV6` is `"nptv6"`. */
  get externalCidr6(): string | undefined {
    return externalCidr6(this.#now);
  }

  /**
   * The /96 through which nodes downstream reach IPv4, where its `natV6` is `"nat64"`:
   * `64:ff9b::/96`. `embedV4InNat64()` embeds an IPv4 address in it.
   */
  get nat64Prefix(): string | undefined {
    return this.#now.natV6 === "nat64" ? NAT64_PREFIX : undefined;
  }

  /**
   * What its NAT and its firewall count, since their rules were last loaded (`setNat()`,
   * `flushNatState()` and others load them anew).
   *
   * @example
   * ```ts ignore
   * const { nat, firewall } = await home.counters();
   * console.log(nat?.mappings, nat?.untranslatedPackets, firewall?.droppedPackets);
   * ```
   */
  async counters(): Promise<RouterCounters> {
    let counters: RouterCounters = {};
    await this.#act((router) => {
      counters = router.runtime.namespace.enter(() => ops().readRouterCounters(router));
    });
    return counters;
  }

  /** The counters of its NAT64, while it has one. */
  nat64Counters(): TranslationCounters | undefined {
    return this.#now.nat64?.translation.counters();
  }

  /** Its firewall, as requested. */
  get firewall(): Firewall {
    return this.#now.firewall;
  }

  /** Its address families. */
  get ipSupport(): IpSupport {
    return this.#now.ipSupport;
  }

  /** The name of its upstream router; undefined on the IX, or in a region. */
  get upstream(): string | undefined {
    return this.#now.upstream?.name;
  }

  /** The region that it is in, itself or by its upstream; undefined outside of all regions. */
  get region(): Region | undefined {
    const { region } = this.#now;
    return region ? regionHandle(this.#core, region) : undefined;
  }

  /** The largest packet on its links, in bytes. */
  get mtu(): number {
    return this.#now.mtu;
  }

  /** Whether it is a path-MTU black hole; see {@link RouterOptions.blockIcmpFragNeeded}. */
  get blockIcmpFragNeeded(): boolean {
    return this.#now.blockIcmpFragNeeded;
  }

  /**
   * Replaces the NAT. Existing flows keep their translation until they end or
   * {@link Router.flushNatState} removes them.
   */
  setNat(nat: Nat): Promise<void> {
    return this.#act((router) => {
      const requested = parseOptions(ops().natSchema, nat, `${this.name}: setNat()`);
      const before = ops().announcedBy(router);
      ops().loadNat(router, requested);
      router.nat = requested;
      const after = ops().announcedBy(router);
      ops().withdraw(this.#core, router, before.filter((cidr) => !after.includes(cidr)));
      ops().announce(this.#core, router, after.filter((cidr) => !before.includes(cidr)));
      this.#core.bus.emit({ kind: "nat-changed", router: this.name, nat: requested });
    });
  }

  /**
   * Replaces the IPv6 translation. Existing flows keep theirs until they end or
   * {@link Router.flushNatState} removes them; flows from addresses that are no longer routed to this
   * router, such as those of its NPTv6 prefix, get no answer.
   */
  async setNatV6(mode: NatV6): Promise<void> {
    this.ready();
    for (let closing; (closing = this.#now.dnsClosing);) await closing;
    await this.#act((router) => {
      const what = `${this.name}: setNatV6()`;
      const requested = parseOptions(ops().natV6Schema, mode, what);
      ops().checkNatV6(what, requested, router);
      ops().checkDelegation(what, router.delegation, { ...router, natV6: requested });
      const { ip } = router.uplink;
      undoing((defer) => ops().setNatV6(this.#core, router, requested, defer));
      if (router.uplink.ip !== ip) emitUplink(this.#core, router);
      ops().emitNatV6(this.#core, router);
      // Nodes without IPv4 ask the DNS64 server of the NAT64 nearest to them.
      this.#core.refreshNames();
    });
    await this.#core.settle();
  }

  /**
   * Makes its ISP delegate another IPv6 prefix to it, as many do each night, and resolves with the
   * new one. The former prefix is invalid from then on: devices get other addresses, connections
   * from the former ones end, and routers downstream get other parts.
   *
   * @throws {TopologyError} If it does not request a prefix.
   * @throws {PrefixDelegationError} If there is no other prefix, or no answer: it keeps the former
   * one.
   *
   * @example
   * ```ts ignore
   * const home = await lab.addRouter("home", { preset: "home", prefixDelegation: true });
   * console.log(home.delegatedPrefix, "is now", await home.renewPrefix());
   * ```
   */
  async renewPrefix(): Promise<string> {
    this.ready();
    return (await ops().renewPrefix(this.#core, this.#now)).toString();
  }

  /** Removes all mappings and flows, as a reboot would. */
  flushNatState(): Promise<void> {
    return this.#act((router) => {
      // Other ports are drawn from now on, so that a new mapping can be told from a former one.
      router.natSeed = (router.natSeed + 0x9e3779b9) >>> 0;
      ops().flushNat(router);
      this.#core.bus.emit({ kind: "nat-flushed", router: this.name });
    });
  }

  /**
   * Replaces the firewall. Flows that the former one had allowed continue until they end. Where there
   * was none, flows were not tracked: TCP connections continue, other flows count as new.
   */
  setFirewall(firewall: Firewall): Promise<void> {
    return this.#act((router) => {
      const requested = parseOptions(ops().firewallSchema, firewall, `${this.name}: setFirewall()`);
      ops().loadFirewall(router, requested);
      router.firewall = requested;
      this.#core.bus.emit({ kind: "firewall-changed", router: this.name, firewall: requested });
    });
  }

  /** The effective condition of its downlink: of everything that it sends into its LAN. */
  get downlinkCondition(): LinkLimits | undefined {
    return ops().resolveCondition(effective(this.#now.lan.downlink));
  }

  /**
   * Sets the condition of the direction from the router into its LAN, which all nodes downstream
   * share; null removes it. It adds to the conditions of their interfaces. Resolves when it is
   * active.
   */
  async setDownlinkCondition(condition: LinkCondition | null): Promise<void> {
    await this.#act((router) => {
      const what = `${this.name}: setDownlinkCondition()`;
      const requested = parseOptions(ops().requestedConditionSchema, condition, what);
      ops().setDownlink(this.#core, router, requested);
      ops().emitDownlink(this.#core, router);
    });
    await this.#core.settle();
  }

  /** The counters of its downlink condition, while it has one. */
  downlinkCounters(): ImpairmentCounters | undefined {
    return this.#now.lan.downlink.impairment?.counters();
  }

  /** What it advertises to devices whose provisioning is `"ra"`; undefined without IPv6. */
  get routerAdvertisement(): Required<RouterAdvertisementOptions> | undefined {
    const { advertisement, ipSupport } = this.#now;
    return hasV6(ipSupport) ? { ...advertisement } : undefined;
  }

  /**
   * Changes what it advertises to devices whose provisioning is `"ra"`, and sends an advertisement
   * immediately; options that are left out stay unchanged. With `enabled: false` it announces that
   * it ceases to be a router (RFC 4861, section 6.2.5): devices keep their addresses and lose their
   * default route, as with a lifetime of 0. How soon they receive it depends on their links.
   *
   * @throws {Ipv6Error} If the router is v4-only.
   *
   * @example
   * ```ts ignore
   * await home.setRouterAdvertisement({ lifetimeSecs: 0 }); // not a default router any more
   * await home.setRouterAdvertisement({ lifetimeSecs: 1800, intervalSecs: 30 });
   * ```
   */
  async setRouterAdvertisement(options: RouterAdvertisementOptions): Promise<void> {
    let advertised: Promise<void> | undefined;
    await this.#act((router) => {
      const what = `${this.name}: setRouterAdvertisement()`;
      const requested = parseOptions(ops().routerAdvertisementSchema, options, what);
      ops().checkAdvertisement(what, router.ipSupport);
      const given = Object.entries(requested).filter(([, value]) => value !== undefined);
      router.advertisement = { ...router.advertisement, ...Object.fromEntries(given) };
      advertised = this.#core.advertising.changed(router);
      const { advertisement } = router;
      this.#core.bus.emit({ kind: "ra-changed", router: this.name, ...advertisement });
    });
    await advertised;
  }

  /**
   * Makes it a path-MTU black hole, or a router that reports packets that are too big again; see
   * {@link RouterOptions.blockIcmpFragNeeded}. Transfers that hang continue when the sender
   * retransmits.
   */
  setBlockIcmpFragNeeded(on: boolean): Promise<void> {
    return this.#act((router) => {
      const what = `${this.name}: setBlockIcmpFragNeeded()`;
      const blocked = parseOptions(ops().blockIcmpFragNeededSchema, on, what);
      undoing((defer) => ops().setBlackHole(router, blocked, defer));
      this.#core.bus.emit({ kind: "icmp-frag-needed-blocked", router: this.name, blocked });
    });
  }

  /**
   * The address families of which it forwards nothing, and how; see {@link Router.setFamilyBroken}.
   */
  get brokenFamilies(): BrokenFamilies {
    return { ...this.#now.broken };
  }

  /**
   * Breaks a family on all paths through the router, or repairs it: `true` silently drops its
   * packets, `{ how: "reject" }` rejects them with an ICMP or ICMPv6 error "no route". It affects
   * existing flows too. Addresses, routes and what the router itself sends stay unchanged, so that
   * only a program that tries the family finds out: a test of Happy Eyeballs (RFC 8305). Linux acts
   * immediately on an error that arrives once connect() waits; without latency it arrives before,
   * and counts with the next SYN, a second later.
   *
   * @example
   * ```ts ignore
   * await home.setFamilyBroken("ipv6", true); // programs that connect by IPv6 must fall back to IPv4
   * ```
   */
  setFamilyBroken(family: AddressFamily, broken: boolean | { how?: FamilyBreak }): Promise<void> {
    return this.#act((router) => {
      const [brokenFamily, how] = ops().askedBreak(
        `${this.name}: setFamilyBroken()`,
        family,
        broken,
      );
      ops().breakForwarding(this.#core, router, brokenFamily, how);
    });
  }

  /** As {@link Node.capture}; on `lan`, everything on it, of members that are attached later too. */
  override async capture(interfaceName?: string, options: CaptureOptions = {}): Promise<Capture> {
    this.ready();
    // With a single device on it, the link has the device's name.
    return interfaceName === "lan"
      ? await this.lan.capture(options)
      : await super.capture(interfaceName, options);
  }

  /** The address on which a reflector listens by default. */
  protected override serverIp(): string {
    const { uplink, lan } = this.#now;
    return uplink.ip ?? uplink.ip6 ?? lan.v4?.gateway ?? lan.v6?.gateway ?? "::";
  }

  #links(): InterfaceRecord[] {
    const router = this.#now;
    return router.lan.gatewayLink ? [router.uplink, gatewayInterface(router)] : [router.uplink];
  }

  get #now(): RouterRecord {
    if (this.#record.removed) throw new NodeRemovedError(`router "${this.name}" was removed`);
    return this.#record;
  }

  // deno-lint-ignore require-await -- a refusal is a rejection, never a throw
  async #act(act: (router: RouterRecord) => void): Promise<void> {
    this.ready();
    act(this.#now);
  }
}

/** Emits the address that a router's uplink got. */
function emitUplink(core: LabCore, { name, uplink }: RouterRecord): void {
  const state = interfaceState(uplink);
  core.bus.emit({ kind: "interface-changed", node: name, name: uplink.name, interface: state });
}
