import type { Core } from "./core.ts";
import type { EventsOptions, LabEvent } from "../events/mod.ts";
import type { Node } from "../node/node.ts";
import { parseIp } from "../address/mod.ts";
import type { Verdict } from "../record/verdict.ts";
import type { LinkEngineKind, RegionLink } from "../link/mod.ts";
import { ActiveFault } from "./fault/active.ts";
import { Bridge, bridgeHandle } from "./bridge.ts";
import type { LabConfig } from "./config/types.ts";
import { Device } from "./device.ts";
import { labEnv } from "./env.ts";
import { NotFoundError, TopologyError } from "./options/errors.ts";
import type { Fault } from "./fault/types.ts";
import { Ix } from "./ix.ts";
import type {
  DeviceOptions,
  LabOptions,
  RegionReference,
  RouterOptions,
} from "./options/options.ts";
import { type Region, regionHandle } from "./region.ts";
import type { LabPlan } from "./config/plan.ts";
import { Router } from "./router.ts";
import { Schedule, type ScheduleStep } from "./fault/schedule.ts";
import { deviceState, routerState, vmState } from "./model/event_state.ts";
import { allSettled } from "./model/all_settled.ts";
import type { NodeRecord, RegionRecord } from "./model/records.ts";
import { Vm } from "./vm.ts";
import type { VmOptions } from "./options/vm_options.ts";
import type { LabSnapshot } from "./guest/lab_snapshot.ts";
import type { VmSnapshot } from "./guest/snapshot.ts";
import { registerLab } from "./recording/entry.ts";
import { configOps, ops } from "./late.ts";

/**
 * A network of routers and devices, built from Linux network namespaces. Leaving the scope removes
 * all of it; so does the end of the process, however it ends.
 *
 * @example
 * ```ts ignore
 * import "@netyard/netyard/rootless";
 * import { Lab } from "@netyard/netyard";
 *
 * await using lab = await Lab.create({ label: "hello" });
 * const dc = await lab.addRouter("dc", { preset: "public" });
 * const home = await lab.addRouter("home", { preset: "home" });
 * const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
 * const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
 * await laptop.$`ping -c 1 ${server.ip}`;
 * ```
 */
export class Lab implements AsyncDisposable {
  #core: Core;
  #ix: Ix;
  #routers = new Map<string, Router>();
  #devices = new Map<string, Device>();
  #vms = new Map<string, Vm>();

  private constructor(core: Core) {
    this.#core = core;
    this.#ix = new Ix(core);
    registerLab(this, core);
  }

  /**
   * Makes an empty lab: the IX, and nothing on it.
   *
   * Where the host or the process's permissions do not allow labs, it fails before anything is
   * changed, with what is missing and how to get it.
   */
  static async create(options: LabOptions = {}): Promise<Lab> {
    const { createCore } = await ops.load();
    return new Lab(await createCore(options));
  }

  /**
   * Makes a lab from a whole topology as plain data. All of it is checked before anything is built; a
   * failure after that closes the lab.
   *
   * @throws {InvalidOptionError} If the configuration has unknown keys or invalid values.
   * @throws {TopologyError} If it cannot be built, for example since a gateway does not exist.
   *
   * @example
   * ```ts ignore
   * await using lab = await Lab.fromConfig({
   *   routers: [{ name: "dc" }, { name: "home", preset: "home" }],
   *   devices: {
   *     server: { interfaces: { eth0: { gateway: "dc" } } },
   *     phone: { count: 3, interfaces: { wlan0: { gateway: "home", condition: "wifi" } } },
   *   },
   * });
   * await lab.device("phone-0").$`ping -c 1 ${lab.device("server").ip}`;
   * ```
   */
  static async fromConfig(config: LabConfig, options: LabOptions = {}): Promise<Lab> {
    const [{ checkedPlan, configHost }] = await Promise.all([configOps.load(), ops.load()]);
    const plan = checkedPlan("Lab.fromConfig()", config, configHost(), options.ipv6);
    return await Lab.#build(plan, options);
  }

  /** Builds a lab from its plan. */
  static async #build(plan: LabPlan, options: LabOptions): Promise<Lab> {
    const { createCore } = ops();
    const core = await createCore({ ...options, ipv6: plan.ipv6 }, plan.addresses);
    const lab = new Lab(core);
    try {
      await configOps().buildPlan(lab, plan);
      return lab;
    } catch (error) {
      await lab.close().catch(() => {}); // The first error is the one to report.
      throw error;
    }
  }

  /**
   * Makes a lab from a topology file. All of it is checked before anything is built.
   *
   * ```toml
   * [[router]]
   * name = "dc"
   *
   * [[router]]
   * name = "home"
   * nat = "home"
   *
   * [device.server.eth0]
   * gateway = "dc"
   *
   * [device.phone]
   * count = 3
   *
   * [device.phone.wlan0]
   * gateway = "home"
   * condition = { latency_ms = 30, loss_pct = 0.5 }
   * ```
   *
   * There may also be `[region.NAME]`, `[bridge.NAME]` and `[vm.NAME]`. Keys are those of
   * {@linkcode LabConfig}, with underscores: `ip_support`, `default_via`.
   *
   * @throws {TomlError} If the file does not exist, is not TOML, has unknown keys, or cannot be
   * built: with the file and the line of each fault.
   *
   * @example
   * ```ts ignore
   * await using lab = await Lab.load("topos/home.toml");
   * await lab.device("phone-0").$`ping -c 1 ${lab.device("server").ip}`;
   * ```
   */
  static async load(path: string | URL, options: LabOptions = {}): Promise<Lab> {
    // A script that reads no file needs no parser.
    const { loadTopology } = await import("./config/toml.ts");
    const [{ configHost }] = await Promise.all([configOps.load(), ops.load()]);
    return await Lab.#build(await loadTopology(path, configHost(), options.ipv6), options);
  }

  /** The label of the lab. */
  get label(): string {
    return this.#core.label;
  }

  /** The seed of everything that is drawn at random. */
  get seed(): number {
    return this.#core.seed;
  }

  /** The engine that impairs its links; undefined as long as no link has a condition. */
  get linkEngine(): LinkEngineKind | undefined {
    return this.#core.links.kind;
  }

  /** The directory to which events, state and logs are written, if any. */
  get outDir(): string | undefined {
    return this.#core.output?.path;
  }

  /**
   * Whether the host has been fast enough until now for what the lab shows: `"inconclusive"` if processes
   * waited long for a processor, or the link emulator sent packets late. The reasons have the numbers;
   * `lib/record/README.md` has the limits. A lab that is recorded also notices short times.
   */
  get verdict(): Verdict {
    return ops().verdictOf(this.#core);
  }

  /** The IX. */
  get ix(): Ix {
    return this.#ix;
  }

  /** All routers, in the order in which they were added. */
  get routers(): Router[] {
    return [...this.#routers.values()];
  }

  /** All devices, in the order in which they were added. */
  get devices(): Device[] {
    return [...this.#devices.values()];
  }

  /** All bridges that `bridge()` made, in that order; without the LANs of routers. */
  get bridges(): Bridge[] {
    const all = [...this.#core.bridges.values()].filter(({ removed }) => !removed);
    return all.map(({ segment }) => bridgeHandle(this.#core, segment));
  }

  /** All regions, in the order in which they were added. */
  get regions(): Region[] {
    return [...this.#regions.values()];
  }

  /**
   * Adds a region: routers added with `{ region }` are near each other, and as far from those of
   * other regions as {@link Lab.linkRegions} says. A lab has room for 15.
   *
   * @example
   * ```ts ignore
   * const eu = await lab.addRegion("eu");
   * const us = await lab.addRegion("us");
   * await lab.linkRegions(eu, us, RegionLink.good(80)); // 80 ms for a round trip
   * const dc = await lab.addRouter("dc", { region: eu });
   * ```
   */
  async addRegion(name: string): Promise<Region> {
    return regionHandle(this.#core, await ops().regions.addRegion(this.#core, name));
  }

  /**
   * Adds the regions `us`, `eu` and `asia`, linked with each other, with round trips of 80 ms
   * between us and eu, 150 ms between us and asia, and 190 ms between eu and asia.
   */
  async addDefaultRegions(): Promise<{ us: Region; eu: Region; asia: Region }> {
    const { us, eu, asia } = await ops().regions.addDefaultRegions(this.#core);
    const handle = (record: RegionRecord) => regionHandle(this.#core, record);
    return { us: handle(us), eu: handle(eu), asia: handle(asia) };
  }

  /**
   * Links two regions, or changes the condition of their link (a broken one stays broken). It is
   * active when the promise resolves.
   *
   * Regions that links connect, directly or over others, reach each other only by links: on the
   * path with the lowest latency of those that are up, and not at all if there is none. Other
   * regions, and routers without a region, reach each other over the IX, without delay.
   */
  linkRegions(
    a: RegionReference | string,
    b: RegionReference | string,
    link: RegionLink,
  ): Promise<void> {
    return ops().regions.linkRegions(this.#core, a, b, link);
  }

  /** Removes the link between two regions for good. */
  unlinkRegions(a: RegionReference | string, b: RegionReference | string): Promise<void> {
    return ops().regions.unlinkRegions(this.#core, a, b);
  }

  /**
   * Breaks the link between two regions: packets on it are lost, and traffic takes another path over
   * links that are up. Without another path, packets are dropped silently, as if a cable had been cut
   * far away. Idempotent.
   */
  breakRegionLink(a: RegionReference | string, b: RegionReference | string): Promise<void> {
    return ops().regions.breakRegionLink(this.#core, a, b);
  }

  /** Restores the link between two regions, with the condition that it had. Idempotent. */
  restoreRegionLink(a: RegionReference | string, b: RegionReference | string): Promise<void> {
    return ops().regions.restoreRegionLink(this.#core, a, b);
  }

  /**
   * Adds a router: on the IX, in a region, or behind another router.
   *
   * @example
   * ```ts ignore
   * const isp = await lab.addRouter("isp", { preset: "isp-cgnat" });
   * const home = await lab.addRouter("home", { preset: "home", upstream: isp });
   * ```
   */
  async addRouter(name: string, options: RouterOptions = {}): Promise<Router> {
    const record = ops().addRouter(this.#core, name, options);
    if (record.pending) await ops().awaitPrefix(this.#core, record);
    const router = new Router(this.#core, record);
    this.#routers.set(name, router);
    this.#core.bus.emit({ kind: "router-added", name, router: routerState(record) });
    if (record.delegated) ops().emitPrefix(this.#core, record, undefined);
    await this.#added(router, record);
    return router;
  }

  /**
   * Adds a device.
   *
   * @example
   * ```ts ignore
   * const phone = await lab.addDevice("phone", {
   *   interfaces: { wlan0: { gateway: home }, cell0: { gateway: carrier } },
   *   defaultVia: "wlan0",
   * });
   * ```
   */
  async addDevice(name: string, options: DeviceOptions = {}): Promise<Device> {
    const record = ops().addDevice(this.#core, name, options);
    const device = new Device(this.#core, record);
    this.#devices.set(name, device);
    this.#core.bus.emit({ kind: "device-added", name, device: deviceState(record) });
    await this.#added(device, record);
    return device;
  }

  /** Completes the addition of a node; removes a node that fails, for example to get its address. */
  async #added(node: Router | Device, record: NodeRecord): Promise<void> {
    try {
      await this.#core.settle([record]);
    } catch (error) {
      await this.remove(node).catch(() => {}); // The first error is the one to report.
      throw error;
    }
  }

  /**
   * Finds a bridge by name, or makes it; the name of a router means its LAN. A new bridge has a
   * private IPv4 /24 and an IPv6 /64 for its members, and leads nowhere else.
   *
   * @example
   * ```ts ignore
   * const lan = lab.bridge("lan");
   * const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: lan } } });
   * const b = await lab.addDevice("b");
   * await lan.attach(b);
   * await lan.addLatency({ from: a, to: b, ms: 50 });
   * ```
   */
  bridge(name: string): Bridge {
    return bridgeHandle(this.#core, ops().bridgeNamed(this.#core, name));
  }

  /** Finds a router by name; throws a `NotFoundError`. */
  router(name: string): Router {
    return find("router", name, this.#routers);
  }

  /** Finds a device by name; throws a `NotFoundError`. */
  device(name: string): Device {
    return find("device", name, this.#devices);
  }

  /** Finds a region by name; throws a `NotFoundError`. */
  region(name: string): Region {
    return find("region", name, this.#regions);
  }

  /**
   * Removes a device or virtual machine with everything that runs in it, a router to which nothing is
   * attached, a region without routers, or a bridge, with its links; by handle or name (the node of a
   * region is `region-<name>`). Handles to it fail from then on.
   */
  async remove(node: Router | Device | Vm | Region | Bridge | string): Promise<void> {
    if (node instanceof Bridge) return await node.close();
    const what = `remove("${typeof node === "string" ? node : node?.name}")`;
    this.#core.open(what);
    const record = ops().findNode(this.#core, what, node);
    const { kind } = record;
    if (kind === "bridge") return await this.bridge(record.name).close();
    if (kind === "ix") throw new TopologyError(`${what}: every lab has its IX`);
    await ops().removeNode(this.#core, what, record, () => {
      if (kind === "router") this.#routers.delete(record.name);
      if (kind === "device") this.#devices.delete(record.name);
      if (kind === "vm") this.#vms.delete(record.name);
    });
  }

  /**
   * Makes a virtual machine, switched off; or, without options, finds one.
   *
   * @example
   * ```ts ignore
   * const nas = lab.vm("nas", { profile: "tiny", bridges: [home] });
   * await nas.boot();
   * console.log((await nas.run("uname -r")).stdout);
   * ```
   */
  vm(name: string, options?: VmOptions): Vm {
    if (options === undefined) return find("vm", name, this.#vms);
    const record = ops().addVm(this.#core, name, options);
    const vm = new Vm(this.#core, record);
    this.#vms.set(name, vm);
    this.#core.bus.emit({ kind: "vm-added", name, vm: vmState(record) });
    this.#core.changed();
    return vm;
  }

  /** All virtual machines, in the order in which they were made. */
  get vms(): Vm[] {
    return [...this.#vms.values()];
  }

  /** Boots all virtual machines that are switched off, at the same time. */
  async boot(): Promise<void> {
    const off = this.vms.filter(({ state }) => ["defined", "stopped", "failed"].includes(state));
    await allSettled(off.map((vm) => vm.boot()));
  }

  /**
   * Saves all virtual machines at one moment, paused meanwhile, and the settings of the bridges.
   * Programs in devices continue, and are not part of it.
   */
  snapshot(): Promise<LabSnapshot> {
    return ops().saveLab(this.#core);
  }

  /**
   * Restores all virtual machines, which continue at the same time, and the settings of the bridges;
   * machines that were off are switched off.
   */
  restore(snapshot: LabSnapshot): Promise<void> {
    return ops().restoreLab(this.#core, snapshot);
  }

  /** Loads what `VmSnapshot.save()` wrote about a virtual machine of that name, in any lab. */
  loadSnapshot(directory: string, vmName: string): Promise<VmSnapshot> {
    return ops().loadSnapshot(this.#core, directory, vmName);
  }

  /** The regions by name, without those that are being removed. */
  get #regions(): Map<string, Region> {
    const all = [...this.#core.regions.values()].filter(({ removed }) => !removed);
    return new Map(all.map((record) => [record.region, regionHandle(this.#core, record)]));
  }

  /**
   * Adds a name for an address in all nodes: for commands, `run` and `spawn`, running ones
   * included.
   */
  async dnsEntry(name: string, ip: string): Promise<void> {
    this.#core.open("dnsEntry()");
    ops().addHostEntry(this.#core.hosts, "dnsEntry()", name, ip);
    this.#core.refreshNames();
    this.#core.bus.emit({ kind: "dns-entry", node: null, name, ip });
    await this.#core.settle();
  }

  /** Sets the name server of all nodes, for names without an entry. */
  async setNameserver(ip: string): Promise<void> {
    this.#core.open("setNameserver()");
    const address = parseIp(ip).toString();
    this.#core.nameserver = address;
    this.#core.refreshNames();
    this.#core.bus.emit({ kind: "nameserver-changed", ip: address });
    await this.#core.settle();
  }

  /** The first address that {@link Lab.dnsEntry} gave to a name. */
  resolve(name: string): string | undefined {
    return this.#core.hosts.get(ops().hostKey(name))?.[0];
  }

  /**
   * The addresses of the nodes as environment variables for programs under test: `NETYARD_IP_<NODE>`,
   * `NETYARD_IP6_<NODE>`.
   */
  get env(): Record<string, string> {
    return labEnv([
      ...this.routers.map((r) => ({ name: r.name, ip: r.uplinkIp, ip6: r.uplinkIp6 })),
      ...this.devices,
      ...this.vms,
    ]);
  }

  /** The events of the lab, from its creation on; ends when the lab closes. */
  events(options: EventsOptions = {}): AsyncIterable<LabEvent> {
    return this.#core.bus.events(options);
  }

  /**
   * Emits an event of your own, about one node or the whole lab. In a lab with an `outDir`, programs in
   * nodes emit some too: by a line of their output such as `{"event": "PeerConnected", "addr": "..."}`.
   */
  emit(name: string, data: unknown = null, node?: Node): void {
    const what = `emit("${name}")`;
    this.#core.open(what);
    const about = node && ops().findNode(this.#core, what, node).name;
    this.#core.bus.emit({ kind: "custom", node: about ?? null, name, data });
  }

  /**
   * Injects a fault, and resolves with it; `heal()` removes it. Where the environment variable
   * `NETYARD_FAULTS` names other faults by their IDs (`f1,s1.0`, or `none`), as `netyard bisect-faults` does, it
   * has no effect.
   *
   * @example
   * ```ts ignore
   * const storm = await lab.inject({
   *   kind: "degrade",
   *   node: phone,
   *   interface: "wlan0",
   *   condition: "wifi-bad",
   * });
   * await storm.heal();
   * ```
   */
  async inject(fault: Fault): Promise<ActiveFault> {
    const active = new ActiveFault(this.#core, this.#core.nextFault(), fault);
    await this.#core.settle();
    return active;
  }

  /** The active faults, those of schedules included. */
  get faults(): ActiveFault[] {
    return [...this.#core.faults].filter((fault) => fault instanceof ActiveFault);
  }

  /**
   * Runs steps at their times from now on: faults, their removal, and functions. Mistakes in the
   * steps throw before any of them runs.
   *
   * @example
   * ```ts ignore
   * const wlan0 = { node: phone, interface: "wlan0" };
   * const tunnel = lab.schedule([
   *   { at: "1s", do: { kind: "degrade", ...wlan0, condition: "wifi-bad" }, for: "4s" },
   *   { at: "3s", do: { kind: "link-down", ...wlan0 }, for: "500ms" },
   *   { at: "6s", do: () => home.flushNatState() },
   * ]);
   * await tunnel.done;
   * ```
   */
  schedule(steps: ScheduleStep[]): Schedule {
    return new Schedule(this.#core, this.#core.nextSchedule(), steps);
  }

  /**
   * Ends everything that runs in the lab, and removes it. Idempotent: later calls wait for the
   * first.
   */
  close(): Promise<void> {
    return ops().closeLab(this.#core);
  }

  /** As {@link Lab.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Finds a handle by name among those of its kind. */
function find<T>(kind: string, name: string, handles: Map<string, T>): T {
  const found = handles.get(name);
  if (found) return found;
  const names = [...handles.keys()].join(", ") || "none yet";
  throw new NotFoundError(`there is no ${kind} "${name}" in the lab; there are: ${names}`);
}
