import { NodeRemovedError } from "../node/process/errors.ts";
import { Node } from "../node/node.ts";
import type { LabCore } from "./model/lab.ts";
import { handles } from "./model/handles.ts";
import type { Interface } from "./interface.ts";
import { NotFoundError } from "./options/errors.ts";
import type { RegionRecord } from "./model/records.ts";

/**
 * A region: routers that are near each other, and far from those of other regions. It is a node
 * that routes between them, with a link to the IX and one to each region that it is linked with. In
 * logs and events, and for `lab.remove()`, the name of the node of region `eu` is `region-eu`.
 */
export class Region extends Node {
  #core: LabCore;
  #record: RegionRecord;

  /**
   * Made by `lab.addRegion()`.
   *
   * @internal
   */
  constructor(core: LabCore, record: RegionRecord) {
    super(record.runtime);
    this.#core = core;
    this.#record = record;
    handles.set(this, record);
  }

  /** The name of the region, unique among the regions of the lab. */
  override get name(): string {
    return this.#record.region;
  }

  /** Its IPv4 address, the gateway of every router in it. */
  get ip(): string {
    return this.#now.segment.v4.gateway;
  }

  /** Its IPv6 address. */
  get ip6(): string {
    return this.#now.segment.v6.gateway;
  }

  /** The IPv4 network that its routers' addresses are from. */
  get cidr(): string {
    return this.#now.segment.v4.cidr.toString();
  }

  /** The IPv6 network that its routers' addresses are from. */
  get cidr6(): string {
    return this.#now.segment.v6.cidr.toString();
  }

  /** The sorted names of the regions that it is linked with, those with broken links included. */
  get linkedWith(): string[] {
    const here = this.#now;
    const ends = [...this.#core.regionLinks.values()].map((
      { ends: [a, b] },
    ) => [a.region, b.region]);
    const others = ends.filter((both) => both.includes(here))
      .map(([a, b]) => a === here ? b : a);
    return others.map(({ region }) => region).sort();
  }

  /** None of its own: its links belong to its routers and to the lab. */
  get interfaces(): Interface[] {
    return [];
  }

  /** Always refused; see {@link Region.interfaces}. */
  interface(name: string): Interface {
    throw new NotFoundError(
      `region ${this.name}: there is no interface "${name}": ask the router at its other end`,
    );
  }

  /** The address on which a reflector listens by default. */
  protected override serverIp(): string {
    return this.ip;
  }

  get #now(): RegionRecord {
    if (this.#record.removed) throw new NodeRemovedError(`region "${this.name}" was removed`);
    return this.#record;
  }
}

const made = new WeakMap<RegionRecord, Region>();

/** The handle of a region: the same one for the same region. */
export function regionHandle(core: LabCore, record: RegionRecord): Region {
  const known = made.get(record);
  if (known) return known;
  const region = new Region(core, record);
  made.set(record, region);
  return region;
}
