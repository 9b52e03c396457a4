import { linkLocalFromMac } from "../address/mod.ts";
import type { LabCore } from "./core.ts";
import { TopologyError } from "./errors.ts";
import type { InterfaceRecord, NodeRecord, Segment } from "./model.ts";
import { connect, disconnect } from "./wiring.ts";

/** What an interface is to be. */
export interface Wanted {
  name: string;
  mtu: number;
  /** A particular IPv4 address. */
  ip?: string;
  /** The families that the node itself has. */
  v4: boolean;
  v6: boolean;
  isDefault: boolean;
  /** Keep this MAC: the interface existed before. */
  mac?: string;
}

/** Takes addresses of a segment for an interface that is not linked yet. */
export function reserve(
  core: LabCore,
  node: NodeRecord,
  segment: Segment,
  wanted: Wanted,
): InterfaceRecord {
  const what = `${node.name}: interface "${wanted.name}"`;
  if (wanted.ip !== undefined && !(wanted.v4 && segment.v4)) {
    throw new TopologyError(
      `${what}: ip ${wanted.ip} was asked for, but "${segment.owner.name}" has no IPv4 behind it`,
    );
  }
  const mac = wanted.mac ?? core.nextMac();
  const ip = wanted.v4 ? segment.v4?.hosts.take(wanted.ip) : undefined;
  let ip6: string | undefined;
  try {
    ip6 = wanted.v6 ? segment.v6?.hosts.take() : undefined;
  } catch (error) {
    if (ip) segment.v4?.hosts.release(ip);
    throw error;
  }
  const full = segment.kind === "ix";
  return {
    node,
    name: wanted.name,
    index: 0,
    mac,
    mtu: wanted.mtu,
    segment,
    ip,
    prefix: full ? 32 : segment.v4?.cidr.prefix ?? 0,
    ip6,
    prefix6: full ? 128 : segment.v6?.cidr.prefix ?? 0,
    linkLocal6: ip6 ? linkLocalFromMac(mac) : undefined,
    up: true,
    extra: [],
    removed: false,
  };
}

/** Gives back what {@link reserve} took. */
export function release(iface: InterfaceRecord): void {
  if (iface.ip) iface.segment.v4?.hosts.release(iface.ip);
  if (iface.ip6) iface.segment.v6?.hosts.release(iface.ip6);
  for (const { ip } of iface.extra) {
    const network = ip.includes(":") ? iface.segment.v6 : iface.segment.v4;
    if (network?.cidr.contains(ip)) network.hosts.release(ip);
  }
}

/** Attaches a node to a segment by a new interface; on failure nothing is changed. */
export function attach(
  core: LabCore,
  node: NodeRecord,
  segment: Segment,
  wanted: Wanted,
): InterfaceRecord {
  const iface = reserve(core, node, segment, wanted);
  try {
    connect(iface, wanted.isDefault);
  } catch (error) {
    release(iface);
    throw error;
  }
  node.interfaces.set(iface.name, iface);
  core.joined(segment, 1);
  return iface;
}

/** Takes an interface away, and gives its addresses back. */
export function detach(core: LabCore, iface: InterfaceRecord): void {
  core.joined(iface.segment, -1);
  disconnect(iface);
  release(iface);
  iface.removed = true;
  iface.node.interfaces.delete(iface.name);
}
