import { Node } from "../node/node.ts";
import type { LabCore } from "./model/lab.ts";
import { handles } from "./model/handles.ts";
import type { Interface } from "./interface.ts";
import { NotFoundError } from "./options/errors.ts";

/**
 * The Internet exchange: the node that routes between all top-level routers, each on its own link.
 */
export class Ix extends Node {
  #core: LabCore;

  /**
   * Made by the lab.
   *
   * @internal
   */
  constructor(core: LabCore) {
    super(core.ix.record.runtime);
    this.#core = core;
    handles.set(this, core.ix.record);
  }

  /** Its IPv4 address, the gateway of every router on it. */
  get ip(): string {
    return this.#core.addresses.ix4.gateway;
  }

  /** Its IPv6 address. */
  get ip6(): string {
    return this.#core.addresses.ix6.gateway;
  }

  /** None of its own: each link belongs to a router. */
  get interfaces(): Interface[] {
    return [];
  }

  /** Always refused; see {@link Ix.interfaces}. */
  interface(name: string): Interface {
    throw new NotFoundError(`ix: there is no interface "${name}": ask the router at its other end`);
  }

  /** The address on which a reflector listens by default. */
  protected override serverIp(): string {
    return this.ip;
  }
}
