import type { Lab } from "../../lab/lab.ts";
import {
  type DrawnAddresses,
  type DrawnKind,
  interfaceKey,
  nodeId,
} from "../../drawing/drawing.ts";

/** The addresses of a lab, for a drawing of its configuration. */
export function addressesOf(lab: Lab): DrawnAddresses {
  const nodes = new Map<string, string[]>();
  const interfaces = new Map<string, string[]>();
  const put = (kind: DrawnKind, name: string, texts: (string | undefined)[]) =>
    nodes.set(nodeId(kind, name), texts.filter((text) => text !== undefined));
  const network = (cidr: string | undefined) => cidr === undefined ? undefined : `LAN ${cidr}`;
  for (const { name, cidr, cidr6 } of lab.regions) put("region", name, [cidr, cidr6]);
  for (const { name, cidr, cidr6 } of lab.bridges) put("bridge", name, [cidr, cidr6]);
  for (const router of lab.routers) {
    const { name, uplinkIp, uplinkIp6, downstreamCidr, downstreamCidr6, externalCidr6 } = router;
    const external = externalCidr6 === undefined ? undefined : `external ${externalCidr6}`;
    put("router", name, [network(downstreamCidr), network(downstreamCidr6), external]);
    const uplink = [uplinkIp, uplinkIp6].filter((ip) => ip !== undefined);
    interfaces.set(interfaceKey(nodeId("router", name)), uplink);
  }
  const members = [
    ...lab.devices.map((node) => ["device", node] as const),
    ...lab.vms.map((node) => ["vm", node] as const),
  ];
  for (const [kind, node] of members) {
    for (const { name, ip, ip6 } of node.interfaces) {
      const addresses = [ip, ip6].filter((each) => each !== undefined);
      interfaces.set(interfaceKey(nodeId(kind, node.name), name), addresses);
    }
  }
  return { nodes, interfaces };
}
