import { macAddress } from "../address/mod.ts";
import type { EventBus, RunDirectory } from "../events/mod.ts";
import type { LinkEngineChoice } from "../link/engine.ts";
import type { NameFiles } from "../node/process/sandbox.ts";
import { NodeRuntime } from "../node/runtime.ts";
import { LoadWatch } from "../record/load_watch.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { Translators } from "../translation/mod.ts";
import { Advertising } from "./autoconf/advertising.ts";
import { Provisioning } from "./autoconf/provisioning.ts";
import { clearImpairments } from "./bridging/detours.ts";
import { settleGuests } from "./guest/guests.ts";
import { Links } from "./link/engine.ts";
import { LabAddresses } from "./model/addresses.ts";
import { clearCondition } from "./model/condition_state.ts";
import { Delegations } from "./model/delegations.ts";
import { interfaceState } from "./model/event_state.ts";
import type { LabCore, LabRecording, Stoppable } from "./model/lab.ts";
import type {
  BridgeRecord,
  DeviceRecord,
  InterfaceRecord,
  IxRecord,
  NodeBase,
  NodeOf,
  NodeRecord,
  RegionRecord,
  RouterRecord,
  Segment,
  VmRecord,
} from "./model/records.ts";
import type { RegionLinks } from "./model/region_link.ts";
import type { Defer } from "./model/undo.ts";
import { nameFiles } from "./name_files.ts";
import { settleClats } from "./nat/clat.ts";
import { NodeServices } from "./node_services.ts";
import { LabClosedError } from "./options/errors.ts";
import type { Ipv6Options } from "./options/ipv6_options.ts";
import { RESERVED_LINK_NAMES } from "./options/names.ts";
import { KernelDelays } from "./wiring/kernel_delays.ts";
import { makeNamespace } from "./wiring/namespace.ts";
import { addAllNeighbours } from "./wiring/neighbours.ts";

/** Everything that the parts of one lab share; see {@link LabCore}. */
export class Core implements LabCore {
  readonly label: string;
  readonly seed: number;
  readonly addresses: LabAddresses;
  readonly routers: Map<string, RouterRecord> = new Map();
  readonly devices: Map<string, DeviceRecord> = new Map();
  readonly vms: Map<string, VmRecord> = new Map();
  readonly bridges: Map<string, BridgeRecord> = new Map();
  readonly regions: Map<string, RegionRecord> = new Map();
  readonly regionLinks: RegionLinks = new Map();
  readonly bus: EventBus;
  readonly output: RunDirectory | undefined;
  telemetry: Telemetry | undefined;
  readonly hosts: Map<string, string[]> = new Map();
  readonly unsettled: KernelDelays = new KernelDelays();
  readonly links: Links;
  readonly delegations: Delegations = new Delegations();
  readonly translators: Translators;
  readonly ipv6: Ipv6Options;
  readonly advertising: Advertising;
  readonly provisioning: Provisioning;
  readonly faults: Set<Stoppable> = new Set();
  readonly schedules: Set<Stoppable> = new Set();
  readonly snapshots: Set<{ close(): void }> = new Set();
  readonly watch: LoadWatch = new LoadWatch();
  recording: LabRecording | undefined;
  nameserver: string | undefined;
  closed = false;
  /** Settled when everything is removed; undefined while the lab is open. */
  closing: Promise<void> | undefined;
  ix!: { record: IxRecord; segment: Segment };
  #services = new NodeServices(this);
  #macs = 0;
  #faults = 0;
  #schedules = 0;
  /** Whether anything of the user's ran in the lab. */
  #used = false;
  /** Nodes whose files have names of bridge members that changed. */
  #renamed = new Set<NodeRecord>();

  constructor(
    label: string,
    seed: number,
    bus: EventBus,
    output: RunDirectory | undefined,
    linkEngine: LinkEngineChoice | undefined,
    ipv6: Ipv6Options = {},
    addresses: LabAddresses = new LabAddresses(),
  ) {
    this.links = new Links(linkEngine, (error, labels) => this.#linksFailed(error, labels));
    this.translators = new Translators((error, labels) => this.#translationFailed(error, labels));
    this.label = label;
    this.seed = seed;
    this.bus = bus;
    this.output = output;
    this.ipv6 = ipv6;
    this.addresses = addresses;
    this.advertising = new Advertising(ipv6.advertiser ?? "builtin", () => this.nameserver);
    this.provisioning = new Provisioning(ipv6.dad === "enabled", {
      seed,
      advertising: this.advertising,
      linksReady: () => this.links.ready(),
      unsettled: this.unsettled,
      changed: (iface) => this.#addressChanged(iface),
    });
  }

  open(what: string): void {
    if (this.closed) {
      throw new LabClosedError(`${what}: the lab "${this.label}" is closed; create another`);
    }
  }

  nextFault(): string {
    return `f${++this.#faults}`;
  }

  nextSchedule(): string {
    return `s${++this.#schedules}`;
  }

  nextMac(defer: Defer): string {
    const mac = macAddress(++this.#macs);
    defer(() => this.#macs--);
    return mac;
  }

  taken(name: string): boolean {
    return [this.routers, this.devices, this.bridges, this.vms].some((kind) => kind.has(name));
  }

  node<K extends NodeRecord["kind"]>(
    kind: K,
    name: string,
    defer: Defer,
    directory?: string,
  ): NodeOf<K> {
    const namespace = makeNamespace(kind !== "device" && kind !== "vm");
    const base: NodeBase & { kind: K } = {
      kind,
      name,
      runtime: new NodeRuntime(name, namespace, this.#services, directory),
      interfaces: new Map(),
      nextIndex: 2, // 1 is lo.
      links: new Set(RESERVED_LINK_NAMES),
      used: false,
      blackHole: "",
      removed: false,
    };
    const node = base as NodeOf<K>;
    defer(() => this.discard(node));
    return node;
  }

  discard(node: NodeRecord): void {
    node.removed = true;
    this.unsettled.drop(node);
    // Now: closing the runtime takes a few turns of the event loop.
    this.links.release(node.runtime.namespace);
    this.translators.release(node.runtime.namespace);
    node.runtime.namespace.close();
    void node.runtime.close();
  }

  *segments(): Iterable<Segment> {
    for (const { lan } of this.routers.values()) yield lan;
    for (const { segment } of this.bridges.values()) yield segment;
  }

  *allNodes(): Iterable<NodeRecord> {
    if (this.ix) yield this.ix.record;
    yield* this.regions.values();
    yield* this.routers.values();
    yield* this.devices.values();
    yield* this.vms.values();
    yield* this.bridges.values();
  }

  // After a change.

  changed(): void {
    settleClats(this);
    this.settleKernel();
    this.refreshMembers();
  }

  settleKernel(): void {
    if (this.#used) this.unsettled.settle();
  }

  async settle(nodes: Iterable<NodeRecord> = []): Promise<void> {
    this.changed();
    const network = Promise.all([
      this.links.ready(),
      this.translators.ready(),
      this.#addressed([...nodes]),
    ]);
    // Guests come last: they are given the names of addresses that have only now come about.
    await network.catch(() => {});
    await settleGuests(this);
    await network;
  }

  /**
   * Waits until nodes have the IPv6 addresses and routes that their kernels make from advertisements,
   * and until duplicate address detection is done. Static addresses without it are in use already.
   *
   * @throws {DuplicateAddressError} If another node has one of the addresses.
   * @throws {AutoconfigurationError} If a router that advertises is not heard.
   */
  async #addressed(nodes: NodeRecord[]): Promise<void> {
    if (!this.provisioning.isWaiting(nodes)) return;
    await this.provisioning.ready(nodes);
    if (!this.closed) this.changed();
  }

  /** A kernel made another IPv6 address from what a router advertised. */
  #addressChanged(iface: InterfaceRecord): void {
    if (this.bus.closed) return;
    const { node: { name: node }, name, segment } = iface;
    this.bus.emit({ kind: "interface-changed", node, name, interface: interfaceState(iface) });
    this.renamed(iface);
    settleClats(this);
    this.refreshMembers();
    // Guests on the bridge know the interface by name. One that cannot be configured now is at the
    // next change of the lab, which reports why it failed.
    const isOnGuests = [...segment.members.keys()].some(({ node: { kind } }) => kind === "vm");
    if (isOnGuests) settleGuests(this).catch(() => {});
  }

  // What runs in the nodes.

  names(node: string): NameFiles {
    const record = this.devices.get(node) ?? this.vms.get(node) ?? this.routers.get(node);
    return nameFiles(this, node, record);
  }

  get isLive(): boolean {
    return this.#used;
  }

  beforeUse(node: string): void {
    this.#used = true;
    this.unsettled.settle();
    const record = this.devices.get(node) ?? this.routers.get(node) ?? this.vms.get(node);
    if (!record) return;
    record.used = true;
    for (const iface of record.interfaces.values()) addAllNeighbours(iface.segment);
  }

  joined(iface: InterfaceRecord, change: 1 | -1): void {
    this.advertising.joined(iface, change);
    const { segment } = iface;
    this.delegations.follow(segment);
    this.renamed(iface);
  }

  renamed({ node, segment }: InterfaceRecord): void {
    if (!this.#used || segment.kind !== "lan") return;
    this.#renamed.add(node);
    for (const member of segment.members.keys()) this.#renamed.add(member.node);
  }

  refreshMembers(): void {
    const nodes = [...this.#renamed];
    this.#renamed.clear();
    this.refreshNames(nodes);
  }

  refreshNames(nodes: Iterable<NodeRecord> = this.allNodes()): void {
    for (const node of nodes) node.runtime.sandbox.refreshNames();
  }

  // Failures of the engines.

  /** All links are plain again: no condition is active any more. */
  #linksFailed(error: Error, ends: string[]): void {
    for (const node of this.allNodes()) {
      for (const { conditions } of node.interfaces.values()) {
        clearCondition(conditions.up);
        clearCondition(conditions.down);
      }
    }
    for (const segment of this.segments()) {
      clearCondition(segment.downlink);
      clearImpairments(segment);
    }
    for (const link of this.regionLinks.values()) {
      link.limits = {};
      for (const { condition } of link.ends) clearCondition(condition);
    }
    if (!this.bus.closed) {
      this.bus.emit({ kind: "link-engine-failed", error: error.message, ends });
    }
    console.error(`lab "${this.label}": ${error.message}`);
  }

  /** Routers and devices have no translator any more, until their NAT64 or CLAT is set again. */
  #translationFailed(error: Error, nodes: string[]): void {
    if (!this.bus.closed) {
      this.bus.emit({ kind: "translation-failed", error: error.message, nodes });
    }
    console.error(`lab "${this.label}": ${error.message}`);
  }
}
