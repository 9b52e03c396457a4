import { NodeRemovedError } from "../node/process/errors.ts";
import type { Capture } from "../node/capture/capture.ts";
import type { CaptureOptions } from "../node/capture/capture_options.ts";
import type { LabCore } from "./model/lab.ts";
import type { InterfaceRecord } from "./model/records.ts";
import { undoing } from "./model/undo.ts";
import { ops } from "./late.ts";

/** The traffic of a member's link to a bridge, as the member sees it. */
export interface NicCounters {
  /** Bytes received, link headers included. */
  rxBytes: number;
  /** Bytes sent, link headers included. */
  txBytes: number;
  /** Packets received. */
  rxPackets: number;
  /** Packets sent. */
  txPackets: number;
  /** Damaged packets received, and packets that could not be sent. */
  errors: number;
}

/** The NIC of one member on one bridge, with its cable. */
export class Nic {
  #core: LabCore;
  #record: InterfaceRecord;

  /**
   * Made by `bridge.nic()`.
   *
   * @internal
   */
  constructor(core: LabCore, record: InterfaceRecord) {
    this.#core = core;
    this.#record = record;
  }

  /** The name of the member. */
  get vmName(): string {
    return this.#record.node.name;
  }

  /** The name of the member. */
  get name(): string {
    return this.#record.node.name;
  }

  /** The name of the bridge. */
  get bridge(): string {
    return this.#now.segment.name;
  }

  /** The name of the interface in the member, for example `eth0`. */
  get interfaceName(): string {
    return this.#record.name;
  }

  /** False between {@link Nic.disconnect} and {@link Nic.reconnect}. */
  get isConnected(): boolean {
    const { segment } = this.#now;
    return !segment.bridging.disconnected.has(this.#record);
  }

  /** Its traffic since its link was made. */
  counters(): Promise<NicCounters> {
    return this.#act("counters()", ({ node, index }) => {
      const { rxBytes, txBytes, rxPackets, txPackets, rxErrors, txErrors } =
        ops().linkState((write) => ops().inside(node, write), index).stats;
      return { rxBytes, txBytes, rxPackets, txPackets, errors: rxErrors + txErrors };
    });
  }

  /**
   * Unplugs the cable: the member loses the carrier, keeps its addresses and routes, and nothing
   * passes. Frames in transit are lost. Idempotent.
   */
  disconnect(): Promise<void> {
    return this.#act("disconnect()", (iface) => {
      const { segment, node } = iface;
      if (segment.bridging.disconnected.has(iface)) return;
      undoing((defer) => {
        // The only link of a LAN is also the gateway's, which would lose its addresses.
        ops().ensureBridge(this.#core, segment, segment.gatewayLink, defer);
        this.#setPort(iface, false);
      });
      segment.bridging.disconnected.add(iface);
      ops().dropInFlight(iface);
      const about = { bridge: segment.name, member: node.name };
      this.#core.bus.emit({ kind: "member-disconnected", ...about });
    });
  }

  /** Plugs the cable in again. Idempotent. */
  reconnect(): Promise<void> {
    return this.#act("reconnect()", (iface) => {
      const { segment, node } = iface;
      if (!segment.bridging.disconnected.has(iface)) return;
      this.#setPort(iface, true);
      segment.bridging.disconnected.delete(iface);
      if (iface.up) {
        ops().restoreNeighbours(this.#core.unsettled, iface);
        // Peers whose resolution failed meanwhile would retry only a second later.
        ops().announceAddresses(iface, ops().addressesOf(iface));
        this.#core.settleKernel();
      }
      const about = { bridge: segment.name, member: node.name };
      this.#core.bus.emit({ kind: "member-reconnected", ...about });
    });
  }

  /**
   * Captures the frames on this link alone.
   *
   * @example
   * ```ts ignore
   * await using capture = await vm.nic("lan").capture({ filter: "udp port 53" });
   * await vm.run("nslookup example.com");
   * await capture.expect((packet) => packet.destinationPort === 53);
   * ```
   */
  async capture(options: CaptureOptions = {}): Promise<Capture> {
    const port = await this.#act("capture()", (iface) => iface.segment.members.get(iface)!.name);
    return await ops().captureMember(this.#now, port, options);
  }

  #setPort(iface: InterfaceRecord, up: boolean): void {
    const { segment: { owner, members, gatewayLink }, node, index } = iface;
    const port = members.get(iface)!;
    ops().inside(owner, (batch) => ops().setLink(batch, port.index, { up }));
    if (!up) return;
    this.#core.unsettled.add(owner, [port.index, ...gatewayLink ? [gatewayLink.index] : []]);
    this.#core.unsettled.add(node, [index]);
  }

  get #now(): InterfaceRecord {
    const iface = this.#record;
    if (!iface.removed && !iface.node.removed) return iface;
    throw new NodeRemovedError(
      `${iface.node.name}: interface "${iface.name}" was detached; attach() it and ask for its ` +
        "nic() again",
    );
  }

  async #act<T>(what: string, act: (iface: InterfaceRecord) => T): Promise<T> {
    this.#core.open(`${this.#record.node.name}: ${what} of "${this.interfaceName}"`);
    const result = act(this.#now);
    await this.#core.settle([this.#record.node]);
    return result;
  }
}
