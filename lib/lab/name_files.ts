import {
  defaultInterface,
  type InterfaceRecord,
  nat64Above,
  type NodeRecord,
  type RouterRecord,
} from "./model/records.ts";
import defer * as dns64 from "../dns64/mod.ts";
import { type Hosts, hostsFile, resolvConf } from "../node/process/names.ts";
import type { NameFiles } from "../node/process/sandbox.ts";
import { NAT64_PREFIX } from "../siit/embed.ts";
import { addressesOf } from "./wiring/neighbours.ts";

/** The names that a lab knows. */
export interface LabNames {
  hosts: Hosts;
  nameserver: string | undefined;
}

/**
 * The files by which the programs of a node resolve names. `record` is absent where no node of the
 * lab has the name.
 */
export function nameFiles(lab: LabNames, node: string, record: NodeRecord | undefined): NameFiles {
  const own = record && "names" in record ? record.names : new Map<string, string[]>();
  const tables = [own, lab.hosts, memberNames(record?.interfaces.values() ?? [])];
  const nat64 = record && nat64Of(record);
  return {
    hosts: hostsFile(node, ...nat64 ? tables.map(embedded) : tables),
    resolvConf: resolvConf(nat64?.dns64 ? nat64.lan.v6?.gateway : lab.nameserver),
  };
}

/** The router whose NAT64 is a node's only path to IPv4. */
function nat64Of(record: NodeRecord): RouterRecord | undefined {
  const interfaces = [...record.interfaces.values()];
  if (interfaces.some(({ ip }) => ip !== undefined)) return undefined;
  return nat64Above(defaultInterface(record));
}

/** Adds to each name with IPv4 addresses alone the IPv6 addresses that embed them, in front. */
function embedded(table: Hosts): Hosts {
  return new Map([...table].map(([name, ips]) => [name, dns64.withEmbedded(ips, NAT64_PREFIX)]));
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
