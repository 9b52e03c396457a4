import type { EventBus, RunDirectory } from "../../events/mod.ts";
import type { LinkEngine, LinkEngineKind } from "../../link/mod.ts";
import type { NameFiles } from "../../node/process/sandbox.ts";
import type { Place } from "../../record/failure.ts";
import type { LoadWatch } from "../../record/load_watch.ts";
import type { Telemetry } from "../../telemetry/telemetry.ts";
import type { Translators } from "../../translation/mod.ts";
import type { Ipv6Options } from "../options/ipv6_options.ts";
import type { LabAddresses } from "./addresses.ts";
import type { Delegations } from "./delegations.ts";
import type {
  BridgeRecord,
  DeviceRecord,
  InterfaceRecord,
  IxRecord,
  NodeOf,
  NodeRecord,
  RegionRecord,
  RouterRecord,
  Segment,
  VmRecord,
} from "./records.ts";
import type { RegionLinks } from "./region_link.ts";
import type { Defer } from "./undo.ts";

/** The recording of a lab; see `recording/recording.ts`. */
export interface LabRecording {
  /** Variables for the programs in the nodes. */
  readonly environment: Record<string, string>;
  /** The number of the last event before the lab was closed; undefined while it is open. */
  readonly lastSeq: number | undefined;
  /** Notes the test that made the lab. */
  about(test: { file: string; name: string } | null): void;
  /**
   * Notes that what the lab was made for failed, also after it was closed. Never rejects.
   *
   * @param place where it failed; default: the place in the stack trace
   */
  failed(error: unknown, place?: Place): Promise<void>;
  /** Notes, before the lab is closed, that its captures are not to be kept. */
  discard(): void;
  /** Takes the last sample, while everything is still there. */
  stop(): void;
  /** Writes the end, and closes the files; throws the first error of the recording. */
  close(): Promise<void>;
}

/** A fault or a schedule that continues until it is stopped, or until the lab closes. */
export interface Stoppable {
  stop(): void;
}

/** The link engine of a lab, which it has from the first condition on. */
export interface LabLinks extends Omit<LinkEngine, "kind"> {
  /** Undefined as long as there is no engine. */
  readonly kind: LinkEngineKind | undefined;
}

/** What kernels are given now and finish only a moment later; see `wiring/kernel_delays.ts`. */
export interface Unsettled {
  /** Notes links of a node that were set up, and addresses that it was given. */
  add(node: NodeRecord, links: number[], ips?: (string | undefined)[]): void;
  /**
   * Notes a member whose addresses its gateway must know: a link without carrier, or a bridge without a
   * port that has one, would lose the entries.
   */
  addMember(member: InterfaceRecord): void;
  /** Forgets addresses that a node no longer has; without `ips`, everything about it. */
  drop(node: NodeRecord, ips?: (string | undefined)[]): void;
  /** Waits, without returning to the event loop, until kernels are done with everything noted. */
  settle(): void;
  /** As {@link Unsettled.settle}, for one node. */
  settleNode(node: NodeRecord): void;
}

/** IPv6 addresses that kernels make or check themselves; see `autoconf/provisioning.ts`. */
export interface Provisioner {
  /** Whether kernels check by duplicate address detection whether they may use an address. */
  readonly dad: boolean;
  /** Called before an interface is set up. */
  beforeUp(iface: InterfaceRecord, isDefault: boolean): void;
  /** Called once it was set up, with everything but what its kernel makes. */
  afterUp(iface: InterfaceRecord): void;
  /** Called once it was set down, or its link was removed. */
  down(iface: InterfaceRecord): void;
  /** Whether its kernel makes addresses at the moment. */
  isAtWork(iface: InterfaceRecord): boolean;
  /** Called when a segment's router advertises another prefix. */
  renumbered(segment: Segment): void;
  /** Makes advertised default routes follow another default interface. */
  prefer(iface: InterfaceRecord): void;
  /** Whether there is anything that {@link Provisioner.ready} would wait for. */
  isWaiting(nodes: NodeRecord[]): boolean;
  /** Waits until nodes have the addresses and default routes that they can be expected to have. */
  ready(nodes: NodeRecord[]): Promise<void>;
}

/** The router advertisements of a lab. */
export interface LabAdvertising {
  /** Applies a router's changed settings; resolves when the advertisements are sent. */
  changed(router: RouterRecord): Promise<void>;
}

/**
 * Everything that the parts of one lab share: its records, its services and its counters. Handles
 * refer to the records. `lib/lab/core.ts` has the class.
 */
export interface LabCore {
  readonly label: string;
  readonly seed: number;
  readonly addresses: LabAddresses;
  readonly routers: Map<string, RouterRecord>;
  readonly devices: Map<string, DeviceRecord>;
  readonly vms: Map<string, VmRecord>;
  readonly bridges: Map<string, BridgeRecord>;
  /** By the region's name, which differs from that of its node. */
  readonly regions: Map<string, RegionRecord>;
  readonly regionLinks: RegionLinks;
  readonly bus: EventBus;
  readonly output: RunDirectory | undefined;
  /** What programs report; undefined unless the lab records it. */
  readonly telemetry: Telemetry | undefined;
  /** The addresses of the lab's DNS entries, by name. */
  readonly hosts: Map<string, string[]>;
  readonly unsettled: Unsettled;
  readonly links: LabLinks;
  readonly delegations: Delegations;
  readonly translators: Translators;
  readonly ipv6: Ipv6Options;
  readonly advertising: LabAdvertising;
  readonly provisioning: Provisioner;
  /** The active faults. */
  readonly faults: Set<Stoppable>;
  /** The schedules in progress. */
  readonly schedules: Set<Stoppable>;
  /** The snapshots that hold memory. */
  readonly snapshots: Set<{ close(): void }>;
  /** The load of the host since the lab was created. */
  readonly watch: LoadWatch;
  /** Undefined unless the lab is recorded. */
  recording: LabRecording | undefined;
  nameserver: string | undefined;
  readonly closed: boolean;
  /** The IX; set before anything else is built. */
  ix: { record: IxRecord; segment: Segment };

  /** Whether a program may send at this moment: whether anything of the user's ran yet. */
  readonly isLive: boolean;
  /** Called before anything of the user's runs in a node. */
  beforeUse(node: string): void;

  /** Throws when the lab is closed; every method of the lab begins with this. */
  open(what: string): void;
  nextFault(): string;
  nextSchedule(): string;
  nextMac(defer: Defer): string;
  /** Whether a node or bridge has a name. */
  taken(name: string): boolean;

  /** Makes a node without links. The caller then assigns the fields of its kind. */
  node<K extends NodeRecord["kind"]>(
    kind: K,
    name: string,
    defer: Defer,
    directory?: string,
  ): NodeOf<K>;
  /** Releases a node in which nothing ran yet. */
  discard(node: NodeRecord): void;

  /** All LANs. */
  segments(): Iterable<Segment>;
  allNodes(): Iterable<NodeRecord>;

  /**
   * Completes a change, and resolves when it is effective everywhere: names and CLATs follow it, the
   * kernel is done with it, conditions and translators are active, `nodes` have the IPv6 addresses
   * that their kernels make or check, and guests that run are configured accordingly.
   *
   * The part that needs no waiting, {@link LabCore.changed}, is done when the call returns.
   *
   * @throws {DuplicateAddressError} If another node has an address of `nodes`.
   * @throws {AutoconfigurationError} If a router that advertises to `nodes` is not heard.
   */
  settle(nodes?: Iterable<NodeRecord>): Promise<void>;
  /** Makes CLATs, the kernel and the names of bridge members follow a change. */
  changed(): void;
  /**
   * Waits, without returning to the event loop, until the kernel is done with what it was given.
   * What runs in a lab may send at any time; a lab in which nothing ran yet waits when something
   * first does.
   */
  settleKernel(): void;
  /** The hosts file and the resolver's configuration of a node. */
  names(node: string): NameFiles;
  /** Counts the neighbours that a segment's members may learn, when one joins or leaves. */
  joined(iface: InterfaceRecord, change: 1 | -1): void;
  /** Notes that the members of an interface's bridge must get its present addresses. */
  renamed(iface: InterfaceRecord): void;
  /** Writes the names of bridges' members where they have changed. */
  refreshMembers(): void;
  /** Writes changed names for the programs that run. */
  refreshNames(nodes?: Iterable<NodeRecord>): void;
}
