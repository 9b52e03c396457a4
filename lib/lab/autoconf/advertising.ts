import {
  type InterfaceRecord,
  routerOf,
  type RouterRecord,
  type Segment,
} from "../model/records.ts";
import { resolveCondition } from "../../link/mod.ts";
import { type Advertiser, BuiltinAdvertiser } from "./advertiser.ts";
import type { Advertised } from "./advertisement.ts";
import { ignoreRouters } from "./kernel_addresses.ts";
import { effective } from "../model/condition_state.ts";
import type { Ipv6Advertiser } from "../options/ipv6_options.ts";
import { findRadvd, RadvdAdvertiser } from "./radvd.ts";

/** The advertising routers of a lab: those with a device that listens on their LAN. */
export class Advertising {
  #radvd: string | undefined;
  #nameserver: () => string | undefined;
  /** The number of listening interfaces on a LAN; absent for none. */
  #listeners = new Map<Segment, number>();
  #advertisers = new Map<Segment, Advertiser>();
  /** The final advertisements in progress. */
  #retiring = new Map<Segment, Promise<void>>();

  /** @throws {Ipv6Error} If the advertiser is not on this host. */
  constructor(kind: Ipv6Advertiser, nameserver: () => string | undefined) {
    this.#radvd = kind === "radvd" ? findRadvd("Lab.create()") : undefined;
    this.#nameserver = nameserver;
  }

  /** Whether a device on a LAN listens: all others must ignore the advertisements. */
  hasListeners(segment: Segment): boolean {
    return this.#listeners.has(segment);
  }

  /** Whether an interface should hear its router. */
  reaches(iface: InterfaceRecord): boolean {
    const { segment, node, conditions: { up, down } } = iface;
    const { disconnected, partitions } = segment.bridging;
    const ways = [up, down, segment.downlink].map((way) => resolveCondition(effective(way)));
    return iface.up && iface.broken.ipv6 === undefined && this.#advertisers.has(segment) &&
      !disconnected.has(iface) &&
      !partitions.isolated.has(node.name) &&
      ways.every((limits) => (limits?.lossPct ?? 0) < 100);
  }

  /** Called when an interface joins its segment (1) or leaves it (-1). */
  joined({ segment, autoconf }: InterfaceRecord, change: 1 | -1): void {
    if (autoconf) {
      const listeners = (this.#listeners.get(segment) ?? 0) + change;
      if (listeners > 0) this.#listeners.set(segment, listeners);
      else this.#listeners.delete(segment);
      if (listeners === 1 && change === 1) this.#begin(segment);
      if (listeners === 0) void this.#stop(segment, (advertiser) => advertiser.close());
    }
    this.#advertisers.get(segment)?.moved();
  }

  /** Applies the settings of a router; resolves when the advertisements are sent. */
  async changed(router: RouterRecord): Promise<void> {
    const { lan } = router;
    // A final advertisement would undo a later one.
    while (this.#retiring.has(lan)) await this.#retiring.get(lan);
    if (router.removed) return;
    const advertiser = this.#advertisers.get(lan);
    if (!router.advertisement.enabled) await this.#retire(lan);
    else if (advertiser) advertiser.announce();
    else if (this.#listeners.has(lan)) this.#start(lan);
  }

  async #retire(segment: Segment): Promise<void> {
    const retiring = this.#stop(segment, (advertiser) => advertiser.retire())
      .finally(() => this.#retiring.delete(segment));
    this.#retiring.set(segment, retiring);
    await retiring;
  }

  async close(): Promise<void> {
    const all = [...this.#advertisers.values()];
    this.#advertisers.clear();
    await Promise.all(all.map((advertiser) => advertiser.close()));
  }

  #begin(segment: Segment): void {
    for (const member of segment.members.keys()) {
      if (member.node.kind === "device" && !member.autoconf) ignoreRouters(member);
    }
    if (routerOf(segment).advertisement.enabled) this.#start(segment, false);
  }

  /** `tell`: whether devices listen already and must be told now. */
  #start(segment: Segment, tell = true): void {
    const about = () => this.#about(segment);
    const advertiser = this.#radvd === undefined
      ? new BuiltinAdvertiser(segment, about)
      : new RadvdAdvertiser(this.#radvd, segment, about);
    this.#advertisers.set(segment, advertiser);
    if (tell) advertiser.announce();
  }

  async #stop(segment: Segment, how: (advertiser: Advertiser) => Promise<void>): Promise<void> {
    const advertiser = this.#advertisers.get(segment);
    if (!advertiser) return;
    this.#advertisers.delete(segment);
    const stopped = how(advertiser);
    // The namespace of the router stays open until then.
    segment.owner.runtime.track(stopped);
    await stopped;
  }

  #about(segment: Segment): Advertised {
    const { v6, mac, mtu } = segment;
    const { advertisement: settings, withdrawn } = routerOf(segment);
    const cidr = v6?.cidr.toString();
    return { settings, cidr, withdrawn, mac, mtu, nameserver: this.#nameserver() };
  }
}
