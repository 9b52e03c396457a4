import { NodeRemovedError } from "../node/process/errors.ts";
import { Node } from "../node/node.ts";
import type { LabCore } from "./model/lab.ts";
import { handles } from "./model/handles.ts";
import { NotFoundError } from "./options/errors.ts";
import { Interface } from "./interface.ts";
import type { DeviceRecord, InterfaceRecord } from "./model/records.ts";
import type { InterfaceOptions } from "./options/options.ts";
import type { TranslationCounters } from "../translation/mod.ts";
import { deviceMtu, interfaceState } from "./model/event_state.ts";
import { ops } from "./late.ts";

/** A device: an endpoint with one or more interfaces, each attached to a router or a bridge. */
export class Device extends Node {
  #core: LabCore;
  #record: DeviceRecord;

  /**
   * Made by `lab.addDevice()`.
   *
   * @internal
   */
  constructor(core: LabCore, record: DeviceRecord) {
    super(record.runtime);
    this.#core = core;
    this.#record = record;
    handles.set(this, record);
  }

  /** The IPv4 address of its default interface. */
  get ip(): string | undefined {
    return this.#default()?.ip;
  }

  /** The IPv6 address of its default interface. */
  get ip6(): string | undefined {
    return this.#default()?.ip6;
  }

  /** The requested MTU, or the smallest of its interfaces, in bytes. */
  get mtu(): number {
    return deviceMtu(this.#now);
  }

  /**
   * The addresses of its CLAT, while it has one: the IPv4 address of its programs, and the IPv6
   * address to which it is translated, which nothing else uses. {@link Device.ip} stays that of the
   * interface, which has none.
   */
  get clat(): { ip: string; ip6: string } | undefined {
    const { activeClat } = this.#now;
    return activeClat && { ip: ops().CLAT_IP, ip6: activeClat.ip6 };
  }

  /** The counters of its CLAT, while it has one. */
  clatCounters(): TranslationCounters | undefined {
    return this.#now.activeClat?.translation.counters();
  }

  /** The interface of the default route. */
  get defaultInterface(): Interface {
    const record = this.#default();
    if (!record) {
      throw new NotFoundError(`${this.name}: it has no interface; add one by addInterface()`);
    }
    return new Interface(this.#core, record);
  }

  /** All interfaces, in the order in which they were added. */
  get interfaces(): Interface[] {
    return [...this.#now.interfaces.values()].map((r) => new Interface(this.#core, r));
  }

  /** Finds an interface by name. */
  interface(name: string): Interface {
    return new Interface(this.#core, this.#find(name));
  }

  /** Moves the default route to an interface, as a handoff does. */
  setDefaultRoute(interfaceName: string): Promise<void> {
    return this.#act((device) => {
      ops().setDefaultRoute(this.#core, device, this.#find(interfaceName));
      this.#core.bus.emit({
        kind: "default-route-changed",
        node: this.name,
        name: interfaceName,
      });
    });
  }

  /** Adds an interface. */
  addInterface(name: string, options: InterfaceOptions): Promise<Interface> {
    return this.#act((device) => {
      const had = device.defaultInterface;
      const record = ops().addInterface(this.#core, device, name, options);
      this.#core.bus.emit({
        kind: "interface-added",
        node: this.name,
        interface: interfaceState(record),
      });
      if (had === undefined) {
        this.#core.bus.emit({ kind: "default-route-changed", node: this.name, name });
      }
      return new Interface(this.#core, record);
    });
  }

  /** Removes an interface. If it had the default route, the first remaining one gets it. */
  removeInterface(name: string): Promise<void> {
    return this.#act((device) => {
      const next = ops().removeInterface(this.#core, device, this.#find(name));
      this.#core.bus.emit({ kind: "interface-removed", node: this.name, name });
      if (next) {
        this.#core.bus.emit({ kind: "default-route-changed", node: this.name, name: next.name });
      }
    });
  }

  /**
   * Adds a name for an address, for this device alone; it takes precedence over the lab's entries.
   */
  dnsEntry(name: string, ip: string): Promise<void> {
    return this.#act((device) => {
      ops().addHostEntry(device.names, `${this.name}: dnsEntry()`, name, ip);
      this.#core.refreshNames([device]);
      this.#core.bus.emit({ kind: "dns-entry", node: this.name, name, ip });
    });
  }

  /** The address on which a reflector listens by default. */
  protected override serverIp(): string {
    return this.ip ?? this.ip6 ?? "::";
  }

  #default(): InterfaceRecord | undefined {
    const { defaultInterface, interfaces } = this.#now;
    return defaultInterface === undefined ? undefined : interfaces.get(defaultInterface);
  }

  #find(name: string): InterfaceRecord {
    const { interfaces } = this.#now;
    const record = interfaces.get(name);
    if (!record) {
      const names = [...interfaces.keys()].join(", ") || "none";
      throw new NotFoundError(`${this.name}: there is no interface "${name}"; there are: ${names}`);
    }
    return record;
  }

  get #now(): DeviceRecord {
    if (this.#record.removed) throw new NodeRemovedError(`device "${this.name}" was removed`);
    return this.#record;
  }

  async #act<T>(act: (device: DeviceRecord) => T): Promise<T> {
    this.#core.open(this.name);
    const result = act(this.#now);
    await this.#core.settle([this.#record]);
    return result;
  }
}
