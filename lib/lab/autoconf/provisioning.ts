/**
 * IPv6 addresses that come about on the link: router advertisements (built in, or by radvd), addresses
 * that kernels make from them, and duplicate address detection. Imports `options`, `model` and
 * `wiring`. Begin here; `advertising.ts` has the side of the routers.
 *
 * @module
 */
import { type InterfaceRecord, type NodeRecord, routerOf, type Segment } from "../model/records.ts";
import { closeFd } from "../../../native/libc.ts";
import { drainMonitor, openMonitor } from "../../../native/netlink/monitor.ts";
import { watch } from "../../../native/poll/watch.ts";
import { ipFromBytes } from "../../address/mod.ts";
import type { Provisioner, Unsettled } from "../model/lab.ts";
import type { Advertising } from "./advertising.ts";
import * as autoconf from "./kernel_addresses.ts";
import { ownAddresses } from "../wiring/addresses.ts";
import { AutoconfigurationError, DuplicateAddressError } from "../options/errors.ts";
import { adoptAddress } from "../wiring/neighbours.ts";

/** The parts of a lab that {@link Provisioning} uses. */
export interface ProvisioningServices {
  readonly seed: number;
  readonly advertising: Advertising;
  /** Resolves when the conditions of all links are effective. */
  linksReady(): Promise<void>;
  readonly unsettled: Unsettled;
  /** Called when an interface has another IPv6 address. */
  changed(iface: InterfaceRecord): void;
}

/** An interface whose kernel makes addresses, or checks static ones for duplicates. */
interface Entry {
  iface: InterfaceRecord;
  /** Whether it has solicited routers. */
  begun: boolean;
  /** Whether an expected address or route is still missing. */
  pending: boolean;
  /** The error, if the expected address or route will never come. */
  failure: (() => unknown) | undefined;
}

interface Monitor {
  fd: number;
  unwatch: () => Promise<void>;
}

/**
 * How long to wait for addresses. A lost solicitation is repeated after 4 s (RFC 4861, section 10,
 * RTR_SOLICITATION_INTERVAL), and after another 8 s.
 */
const PATIENCE_MS = 15_000;

/**
 * Up to this number of listening interfaces, neighbours are found by Neighbor Discovery. All namespaces
 * share the kernel's table of learnt neighbours, of 1,024 entries; each interface takes up to four.
 */
const LEARNT_INTERFACES = 128;

/** IPv6 addresses that kernels make from advertisements, or check for duplicates. */
export class Provisioning implements Provisioner {
  readonly dad: boolean;
  #lab: ProvisioningServices;
  #entries = new Map<InterfaceRecord, Entry>();
  #monitors = new Map<NodeRecord, Monitor>();
  #closed = false;
  #change = Promise.withResolvers<void>();

  constructor(dad: boolean, lab: ProvisioningServices) {
    this.dad = dad;
    this.#lab = lab;
  }

  beforeUp(iface: InterfaceRecord, isDefault: boolean): void {
    if (this.#checksDuplicates(iface)) autoconf.skipSolicitationDelay(iface);
    if (iface.autoconf) autoconf.prepare(iface, isDefault, this.dad, this.isAtWork(iface));
    else if (iface.node.kind === "device" && this.#lab.advertising.hasListeners(iface.segment)) {
      autoconf.ignoreRouters(iface);
    }
  }

  afterUp(iface: InterfaceRecord): void {
    const { node } = iface;
    if (!iface.autoconf && !this.#checksDuplicates(iface)) return;
    const before = this.#entries.get(iface);
    const entry: Entry = before ?? { iface, begun: false, pending: true, failure: undefined };
    entry.pending = true;
    this.#entries.set(iface, entry);
    if (!this.#monitors.has(node)) this.#open(node);
    // Once everything that is built together with it exists.
    queueMicrotask(() => void this.#begin(entry));
  }

  down(iface: InterfaceRecord): void {
    if (!this.#entries.delete(iface)) return;
    this.#closeIfIdle(iface.node);
    this.#wake();
  }

  renumbered(segment: Segment): void {
    for (const entry of this.#entries.values()) {
      if (entry.iface.autoconf && entry.iface.segment === segment) entry.pending = true;
    }
  }

  isAtWork(iface: InterfaceRecord): boolean {
    return this.#entries.get(iface)?.begun ?? false;
  }

  prefer(preferred: InterfaceRecord): void {
    const { node } = preferred;
    const listening = this.#entriesOf([node]).filter(({ iface, begun }) => iface.autoconf && begun);
    for (const entry of listening) {
      autoconf.updatePreference(entry.iface, entry.iface === preferred);
      entry.pending = true;
    }
    if (listening.length > 0) queueMicrotask(() => this.#update(node));
  }

  /**
   * Waits until the interfaces of these nodes have their expected addresses and default routes.
   *
   * @throws {DuplicateAddressError} If another node has one of the addresses.
   * @throws {AutoconfigurationError} If a router that advertises is not heard.
   */
  async ready(nodes: NodeRecord[]): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    const waitedFor = new Set<InterfaceRecord>();
    for (;;) {
      const pending = this.#entriesOf(nodes).filter((entry) => entry.pending);
      for (const entry of pending) this.#throwFailure(entry);
      if (pending.length === 0) return this.#settle(waitedFor);
      for (const { iface } of pending) waitedFor.add(iface);
      const left = deadline - performance.now();
      if (left <= 0) return pending.forEach((entry) => this.#giveUp(entry));
      await this.#changeWithin(left);
    }
  }

  /** Whether {@link Provisioning.ready} would wait for anything. */
  isWaiting(nodes: NodeRecord[]): boolean {
    return this.#entries.size > 0 && this.#entriesOf(nodes).some(({ pending }) => pending);
  }

  /** Waits until new addresses are usable: the kernel reports them a moment before. */
  #settle(interfaces: Iterable<InterfaceRecord>): void {
    if (this.#closed) return;
    for (const iface of interfaces) {
      const { node, ip6, up } = iface;
      if (!up || node.removed || iface.removed) continue;
      const ips = ownAddresses(iface).map(({ ip }) => ip);
      this.#lab.unsettled.add(node, [], iface.autoconf ? [ip6] : ips);
      this.#lab.unsettled.settleNode(node);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#entries.clear();
    this.#wake();
    const monitors = [...this.#monitors.values()];
    this.#monitors.clear();
    await Promise.all(monitors.map(closeMonitor));
  }

  #checksDuplicates({ node: { kind }, linkLocal6 }: InterfaceRecord): boolean {
    return this.dad && linkLocal6 !== undefined && (kind === "device" || kind === "router");
  }

  #entriesOf(nodes: NodeRecord[]): Entry[] {
    return [...this.#entries.values()].filter(({ iface }) => nodes.includes(iface.node));
  }

  #throwFailure(entry: Entry): void {
    const { failure } = entry;
    if (failure === undefined) return;
    entry.pending = false;
    entry.failure = undefined;
    throw failure();
  }

  #giveUp(entry: Entry): void {
    entry.pending = false;
    const { iface } = entry;
    const { node, name, segment } = iface;
    this.#update(node);
    if (!this.#isExpected(iface) || this.#isReady(entry, autoconf.madeIn(node))) return;
    throw new AutoconfigurationError(
      `${node.name}: interface "${name}" has no IPv6 address and default route from router ` +
        `"${segment.name}" within ${PATIENCE_MS / 1000} s: check that nothing on the link drops ` +
        "router advertisements or solicitations",
    );
  }

  async #changeWithin(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    await Promise.race([this.#change.promise, promise]);
    clearTimeout(timer);
  }

  #wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  /** Solicits routers on an interface once links are ready, and reads the present addresses. */
  async #begin(entry: Entry): Promise<void> {
    const { iface } = entry;
    const { node } = iface;
    try {
      // The caller that set the condition gets this error.
      if (iface.autoconf && !entry.begun) await this.#lab.linksReady().catch(() => {});
      if (this.#entries.get(iface) !== entry) return;
      if (iface.autoconf && !entry.begun) {
        this.#lab.unsettled.settleNode(iface.segment.owner);
        autoconf.solicitFirst(iface, this.#lab.seed, this.dad);
        entry.begun = true;
      }
      this.#update(node);
    } catch (error) {
      entry.failure = () => error;
      this.#wake();
    }
  }

  #open(node: NodeRecord): void {
    const fd = node.runtime.namespace.enter(openMonitor);
    const unwatch = watch(fd, () => {
      drainMonitor(fd);
      this.#update(node);
    });
    this.#monitors.set(node, { fd, unwatch });
  }

  #closeIfIdle(node: NodeRecord): void {
    const monitor = this.#monitors.get(node);
    if (!monitor || this.#entriesOf([node]).length > 0) return;
    this.#monitors.delete(node);
    node.runtime.track(closeMonitor(monitor));
  }

  /** Reads what the kernel of a node has made so far. */
  #update(node: NodeRecord): void {
    const entries = this.#entriesOf([node]);
    try {
      if (entries.length > 0) this.#apply(entries, autoconf.madeIn(node));
    } catch (error) {
      for (const entry of entries) entry.failure = () => error;
    }
    this.#wake();
  }

  #apply(entries: Entry[], made: autoconf.MadeAddresses): void {
    for (const entry of entries) {
      const { iface, pending } = entry;
      if (pending) this.#check(entry, made);
      if (iface.autoconf) this.#adopt(entry, made);
      // Static addresses are complete.
      else if (pending && !entry.pending) {
        this.#entries.delete(iface);
        this.#closeIfIdle(iface.node);
      }
    }
  }

  /** Checks whether everything expected has come, or never will. */
  #check(entry: Entry, made: autoconf.MadeAddresses): void {
    const { iface } = entry;
    const duplicates = made.addresses.filter(({ index, duplicate }) =>
      duplicate && index === iface.index
    );
    if (duplicates.length > 0) {
      entry.failure = () => duplicateOf(iface, duplicates.map(({ ip }) => ipFromBytes(ip)));
    } else if (this.#isReady(entry, made)) {
      entry.pending = false;
    }
  }

  #adopt({ iface, pending }: Entry, made: autoconf.MadeAddresses): void {
    const stable = autoconf.stableOf(iface, made);
    const ip6 = stable && ipFromBytes(stable.ip);
    // Keeps the last address while another one is expected.
    if (ip6 === iface.ip6 || (ip6 === undefined && pending)) return;
    adoptAddress(iface, ip6, stable?.prefix, this.#entries.size > LEARNT_INTERFACES);
    this.#lab.changed(iface);
  }

  #isExpected(iface: InterfaceRecord): boolean {
    return iface.autoconf !== undefined && this.#lab.advertising.reaches(iface);
  }

  #isReady({ iface, begun }: Entry, made: autoconf.MadeAddresses): boolean {
    const own = made.addresses.filter(({ index }) => index === iface.index);
    if (own.some(({ tentative }) => tentative)) return false;
    if (iface.autoconf && !begun) return false;
    if (!this.#isExpected(iface)) return true;
    const stable = autoconf.stableOf(iface, made);
    if (!stable || !iface.segment.v6?.cidr.contains(ipFromBytes(stable.ip))) return false;
    if (iface.autoconf?.privacy && !autoconf.temporaryOf(iface, made)) return false;
    const { lifetimeSecs } = routerOf(iface.segment).advertisement;
    return lifetimeSecs === 0 || autoconf.hasDefaultRoute(iface, made);
  }
}

async function closeMonitor({ fd, unwatch }: Monitor): Promise<void> {
  const unwatched = unwatch();
  closeFd(fd);
  await unwatched;
}

function duplicateOf({ node, name }: InterfaceRecord, ips: string[]): DuplicateAddressError {
  const many = ips.length > 1;
  return new DuplicateAddressError(
    `${node.name}: interface "${name}": ${ips.join(", ")} ${
      many ? "are" : "is"
    } in use on its link ` +
      `already, as duplicate address detection found: remove ${
        many ? "them" : "it"
      } from the other ` +
      `node, or create the lab with ipv6.dad "disabled"`,
  );
}
