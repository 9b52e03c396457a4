import { macAddress } from "../address/mod.ts";
import type { LinkEngineChoice } from "../link/engine.ts";
import type { Ended } from "../node/process/host.ts";
import type { SocketAddress } from "../node/reflector/reflector.ts";
import { NetyardError } from "../../native/error.ts";
import { NodeRemovedError } from "../node/process/errors.ts";
import { NodeRuntime } from "../node/runtime.ts";
import type { NameFiles } from "../node/process/sandbox.ts";
import type { EventBus, RunDirectory } from "../events/mod.ts";
import { bridgeHandles, handles } from "./model/handles.ts";
import { Delegations } from "./model/delegations.ts";
import { interfaceState } from "./model/event_state.ts";
import type { LabCore, Stoppable } from "./model/lab.ts";
import { lose } from "./model/condition_state.ts";
import { LabClosedError, NotFoundError, TopologyError } from "./options/errors.ts";
import { Links } from "./link/engine.ts";
import type {
  BridgeRecord,
  DeviceRecord,
  InterfaceRecord,
  NodeRecord,
  RegionRecord,
  RouterRecord,
  Segment,
  VmRecord,
} from "./model/records.ts";
import { Translators } from "../translation/mod.ts";
import { makeNamespace } from "./wiring/namespace.ts";
import { settleClats } from "./nat/clat.ts";
import { nameFiles } from "./name_files.ts";
import { RESERVED_LINK_NAMES } from "./options/names.ts";
import { loseImpairments } from "./bridging/detours.ts";
import { acquaint } from "./wiring/neighbours.ts";
import type { RouterReference } from "./options/options.ts";
import { AddressPlan } from "./model/address_plan.ts";
import { Advertising } from "./autoconf/advertising.ts";
import type { Ipv6Options } from "./options/ipv6_options.ts";
import { Provisioning } from "./autoconf/provisioning.ts";
import type { RegionLinks } from "./model/region_link.ts";
import { Settling } from "./wiring/kernel_delays.ts";
import type { Defer } from "./model/undo.ts";

/** Learnt neighbours that a lab may need before it makes them permanent; the kernel's limit is 1,024. */
const LEARNT_NEIGHBOURS = 256;

/** All that the parts of one lab share. Handles refer to its records. */
export class Core implements LabCore {
  readonly label: string;
  readonly seed: number;
  readonly plan: AddressPlan = new AddressPlan();
  readonly routers: Map<string, RouterRecord> = new Map();
  readonly devices: Map<string, DeviceRecord> = new Map();
  readonly vms: Map<string, VmRecord> = new Map();
  readonly bridges: Map<string, BridgeRecord> = new Map();
  /** By the region's name, which is not that of its node. */
  readonly regions: Map<string, RegionRecord> = new Map();
  readonly regionLinks: RegionLinks = new Map();
  readonly bus: EventBus;
  readonly output: RunDirectory | undefined;
  readonly hosts: Map<string, string[]> = new Map();
  readonly unsettled: Settling = new Settling();
  readonly links: Links;
  readonly delegations: Delegations = new Delegations();
  readonly translators: Translators;
  readonly ipv6: Ipv6Options;
  readonly advertising: Advertising;
  readonly provisioning: Provisioning;
  /** Those that were injected and not healed. */
  readonly faults: Set<Stoppable> = new Set();
  /** Those that are under way. */
  readonly schedules: Set<Stoppable> = new Set();
  /** Those that hold memory. */
  readonly snapshots: Set<{ close(): void }> = new Set();
  nameserver: string | undefined;
  closed = false;
  /** The exchange; set before anything else is built. */
  ix!: { record: NodeRecord; segment: Segment };
  #macs = 0;
  #commands = 0;
  #tasks = 0;
  #pairs = 0;
  #faults = 0;
  #schedules = 0;
  #used = false;
  /** Those who know other members by names that have changed. */
  #renamed = new Set<NodeRecord>();

  constructor(
    label: string,
    seed: number,
    bus: EventBus,
    output: RunDirectory | undefined,
    linkEngine: LinkEngineChoice | undefined,
    ipv6: Ipv6Options = {},
  ) {
    this.links = new Links(linkEngine, (error, labels) => this.#linksFailed(error, labels));
    this.translators = new Translators((error, labels) => this.#translationFailed(error, labels));
    this.label = label;
    this.seed = seed;
    this.bus = bus;
    this.output = output;
    this.ipv6 = ipv6;
    this.advertising = new Advertising(ipv6.advertiser ?? "builtin", () => this.nameserver);
    this.provisioning = new Provisioning(ipv6.dad === "enabled", {
      seed,
      advertising: this.advertising,
      linksReady: () => this.links.ready(),
      settle: (node) => this.unsettled.settleNode(node),
      changed: (iface) => this.#addressChanged(iface),
    });
  }

  nextFault(): string {
    return `f${++this.#faults}`;
  }

  nextSchedule(): string {
    return `s${++this.#schedules}`;
  }

  /** Every method of the lab begins with this. */
  open(what: string): void {
    if (this.closed) {
      throw new LabClosedError(`${what}: the lab "${this.label}" is closed; create another`);
    }
  }

  taken(name: string): boolean {
    return [this.routers, this.devices, this.bridges, this.vms].some((kind) => kind.has(name));
  }

  nextMac(defer: Defer): string {
    const mac = macAddress(++this.#macs);
    defer(() => this.#macs--);
    return mac;
  }

  /** A node without links. */
  node<K extends NodeRecord["kind"]>(
    kind: K,
    name: string,
    defer: Defer,
    directory?: string,
  ): NodeRecord & { kind: K } {
    const namespace = makeNamespace(kind !== "device" && kind !== "vm");
    const node: NodeRecord & { kind: K } = {
      kind,
      name,
      runtime: new NodeRuntime(name, namespace, this, directory),
      interfaces: new Map(),
      nextIndex: 2, // 1 is lo.
      links: new Set(RESERVED_LINK_NAMES),
      unsettled: this.unsettled,
      provisioning: this.provisioning,
      used: false,
      blackHole: "",
      removed: false,
    };
    defer(() => this.discard(node));
    return node;
  }

  /** Lets go of a node in which nothing ran yet. */
  discard(node: NodeRecord): void {
    node.removed = true;
    this.unsettled.drop(node);
    // At once: closing the runtime takes a few turns of the event loop.
    this.links.release(node.runtime.namespace);
    this.translators.release(node.runtime.namespace);
    node.runtime.namespace.close();
    void node.runtime.close();
  }

  /** The router that an option means; `what` begins the message when there is none. */
  router(what: string, reference: RouterReference | string): RouterRecord {
    if (typeof reference !== "string") return this.#ownRouter(what, reference);
    const record = this.routers.get(reference);
    if (record && !record.removed && !record.pending) return record;
    const ready = [...this.routers.values()].filter(({ pending }) => !pending);
    const known = ready.map(({ name }) => name).join(", ") || "none yet";
    throw new NotFoundError(`${what}: there is no router "${reference}"; there are: ${known}`);
  }

  /** The LAN of a router, or the bridge, that an option means. */
  gateway(what: string, reference: RouterReference | string): Segment {
    const segment = typeof reference === "string"
      ? this.bridges.get(reference)?.segment
      : bridgeHandles.get(reference);
    if (!segment && typeof reference === "string" && !this.routers.has(reference)) {
      const known = [...this.routers.keys(), ...this.bridges.keys()].join(", ") || "none yet";
      throw new NotFoundError(
        `${what}: there is no router or bridge "${reference}"; there are: ${known}`,
      );
    }
    if (!segment) return this.router(what, reference).lan;
    const { name, owner } = segment;
    if (owner.removed) throw new NodeRemovedError(`${what}: "${name}" was removed`);
    for (const node of this.allNodes()) if (node === owner) return segment;
    throw new TopologyError(
      `${what}: bridge "${name}" is of another lab; pass what this lab's bridge() returned`,
    );
  }

  #ownRouter(what: string, reference: RouterReference): RouterRecord {
    const record = handles.get(reference);
    const name = record?.name ?? JSON.stringify(reference.name);
    if (record?.kind !== "router") {
      throw new TopologyError(
        `${what}: ${record ? `"${name}"` : name} is no router: ` +
          "pass what this lab's addRouter() returned, or its name",
      );
    }
    if (record.removed) throw new NodeRemovedError(`${what}: router "${name}" was removed`);
    if (this.routers.get(name) !== record) {
      throw new TopologyError(
        `${what}: router "${name}" is of another lab; pass what this lab's addRouter() returned`,
      );
    }
    return record as RouterRecord;
  }

  /** All links are plain again: what was asked of them does not hold any more. */
  #linksFailed(error: Error, ends: string[]): void {
    for (const node of this.allNodes()) {
      for (const { conditions } of node.interfaces.values()) {
        lose(conditions.up);
        lose(conditions.down);
      }
    }
    for (const segment of this.segments()) {
      lose(segment.downlink);
      loseImpairments(segment);
    }
    for (const link of this.regionLinks.values()) {
      link.limits = {};
      for (const { impaired } of link.ends) lose(impaired);
    }
    if (!this.bus.closed) {
      this.bus.emit({ kind: "link-engine-failed", error: error.message, ends });
    }
    console.error(`lab "${this.label}": ${error.message}`);
  }

  /** The routers and devices have no translator any more, until they are told to have one. */
  #translationFailed(error: Error, nodes: string[]): void {
    if (!this.bus.closed) {
      this.bus.emit({ kind: "translation-failed", error: error.message, nodes });
    }
    console.error(`lab "${this.label}": ${error.message}`);
  }

  // What runs in the nodes.

  get logging(): boolean {
    return this.output !== undefined;
  }

  names(node: string): NameFiles {
    const record = this.devices.get(node) ?? this.vms.get(node) ?? this.routers.get(node);
    return nameFiles(this, node, record);
  }

  /**
   * Called at the end of each change. What runs in a lab may send at any time, so a change is over
   * when the kernel is done with it; a lab in which nothing ran yet waits when something first does.
   */
  changed(): void {
    settleClats(this);
    if (this.#used) this.unsettled.settle();
    this.refreshMembers();
  }

  /** Whether anything may be sent at this moment. */
  get isLive(): boolean {
    return this.#used;
  }

  beforeUse(node: string): void {
    this.#used = true;
    this.unsettled.settle();
    const record = this.devices.get(node) ?? this.routers.get(node) ?? this.vms.get(node);
    if (!record) return;
    record.used = true;
    if (this.#pairs <= LEARNT_NEIGHBOURS) return;
    for (const iface of record.interfaces.values()) acquaint(iface.segment);
  }

  log(node: string, kind: "stdout" | "stderr", chunk: Uint8Array): void | Promise<void> {
    return this.output?.log(node, kind, chunk);
  }

  commandStarted(node: string, argv: string[]): string {
    const id = `c${++this.#commands}`;
    this.bus.emit({ kind: "command-started", node, id, argv });
    return id;
  }

  commandEnded(node: string, id: string, { code, signal }: Ended): void {
    this.bus.emit({ kind: "command-ended", node, id, code, signal });
  }

  taskStarted(node: string, module: string): string {
    const id = `m${++this.#tasks}`;
    this.bus.emit({ kind: "task-started", node, id, module });
    return id;
  }

  taskEnded(node: string, id: string, error?: unknown): void {
    this.bus.emit({ kind: "task-ended", node, id, error: this.#failed(node, error) });
  }

  threadFailed(node: string, error: unknown): void {
    this.bus.emit({ kind: "thread-failed", node, error: this.#failed(node, error) ?? "" });
  }

  /** Puts an error, which perhaps nobody waits for, into the node's log. */
  #failed(node: string, error: unknown): string | null {
    if (error === undefined) return null;
    // The frames of what is Netyard's own lead to nothing of the user's.
    const stack = error instanceof Error && !(error instanceof NetyardError)
      ? error.stack
      : undefined;
    this.log(node, "stderr", new TextEncoder().encode(`${stack ?? error}\n`));
    return String(error);
  }

  reflectorChanged(node: string, { ip, port }: SocketAddress, started: boolean): void {
    this.bus.emit({ kind: started ? "reflector-started" : "reflector-stopped", node, ip, port });
  }

  /** Counts the neighbours that a segment's members may learn of each other, when one joins or leaves. */
  joined(iface: InterfaceRecord, change: 1 | -1): void {
    this.advertising.joined(iface, change);
    const { segment } = iface;
    if (segment.kind === "lan") this.#pairs += change * 2 * Math.max(0, segment.members.size - 1);
    this.delegations.follow(segment);
    this.renamed(iface);
  }

  /** Notes that the members of an interface's bridge are to know its present addresses. */
  renamed({ node, segment }: InterfaceRecord): void {
    if (!this.#used || segment.kind !== "lan") return;
    this.#renamed.add(node);
    for (const member of segment.members.keys()) this.#renamed.add(member.node);
  }

  /** A kernel made another IPv6 address of what a router advertised. */
  #addressChanged(iface: InterfaceRecord): void {
    if (this.bus.closed) return;
    const { node: { name: node }, name } = iface;
    this.bus.emit({ kind: "interface-changed", node, name, interface: interfaceState(iface) });
    this.renamed(iface);
    settleClats(this);
    this.refreshMembers();
  }

  /** Brings the names of bridges' members to where they have changed. */
  refreshMembers(): void {
    const nodes = [...this.#renamed];
    this.#renamed.clear();
    this.refreshNames(nodes);
  }

  /** Brings changed names to what runs. */
  refreshNames(nodes: Iterable<NodeRecord> = this.allNodes()): void {
    for (const node of nodes) node.runtime.sandbox.refreshNames();
  }

  /** The record of a name, or of a handle, which may be of another lab, or of a node that is gone. */
  record(what: string, handle: object | string): NodeRecord {
    const record = typeof handle === "string" ? this.#named(what, handle) : handles.get(handle);
    if (record?.removed) {
      throw new NodeRemovedError(`${what}: node "${record.name}" was removed`);
    }
    for (const node of this.allNodes()) if (node === record) return record;
    throw new TopologyError(`${what}: this is no node of this lab; pass a handle that it returned`);
  }

  #named(what: string, name: string): NodeRecord {
    for (const node of this.allNodes()) if (node.name === name) return node;
    const known = [...this.allNodes()].map((node) => node.name).join(", ");
    throw new NotFoundError(`${what}: there is no node "${name}"; there are: ${known}`);
  }

  /** All LANs. */
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
}
