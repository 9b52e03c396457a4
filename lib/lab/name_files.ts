import { withEmbedded } from "../dns64/mod.ts";
import { type Hosts, hostsFile, resolvConf } from "../node/process/names.ts";
import type { NameFiles } from "../node/process/sandbox.ts";
import { NAT64_PREFIX } from "../siit/mod.ts";
import { addressesOf } from "./wiring/neighbours.ts";
import type { DeviceRecord, InterfaceRecord, NodeRecord, RouterRecord } from "./model/records.ts";
import { nat64Above } from "./model/records.ts";

/** What a lab knows of names. */
export interface LabNames {
  hosts: Hosts;
  nameserver: string | undefined;
}

/** By what the programs of a node resolve names. Of a node that is none of the lab's, `record` is absent. */
export function nameFiles(lab: LabNames, node: string, record: NodeRecord | undefined): NameFiles {
  const own = (record as DeviceRecord | undefined)?.names ?? new Map<string, string[]>();
  const tables = [own, lab.hosts, memberNames(record?.interfaces.values() ?? [])];
  const nat64 = record && nat64Of(record);
  return {
    hosts: hostsFile(node, ...nat64 ? tables.map(embedded) : tables),
    resolvConf: resolvConf(nat64?.dns64 ? nat64.lan.v6?.gateway : lab.nameserver),
  };
}

/** The router whose NAT64 is a node's only way to IPv4. */
function nat64Of(record: NodeRecord): RouterRecord | undefined {
  const interfaces = [...record.interfaces.values()];
  if (interfaces.some(({ ip }) => ip !== undefined)) return undefined;
  return nat64Above(defaultOf(record, interfaces));
}

function defaultOf(record: NodeRecord, interfaces: InterfaceRecord[]): InterfaceRecord | undefined {
  const { defaultInterface } = record as DeviceRecord;
  return defaultInterface === undefined ? interfaces[0] : record.interfaces.get(defaultInterface);
}

/** A name that has IPv4 addresses alone has those of IPv6 that embed them, and these come first. */
function embedded(table: Hosts): Hosts {
  return new Map([...table].map(([name, ips]) => [name, withEmbedded(ips, NAT64_PREFIX)]));
}

/**
 * The names of all members of a node's bridges, itself included: `<member>.<bridge>`, each with its
 * addresses there.
 */
function memberNames(interfaces: Iterable<InterfaceRecord>): Map<string, string[]> {
  const names = new Map<string, string[]>();
  const bridges = new Set([...interfaces].map(({ segment }) => segment));
  for (const { kind, name: bridge, members } of bridges) {
    if (kind === "exchange") continue;
    for (const member of members.keys()) {
      const name = `${member.node.name}.${bridge}`;
      names.set(name, [...names.get(name) ?? [], ...addressesOf(member)]);
    }
  }
  return names;
}
