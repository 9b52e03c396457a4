/** A node, with the addresses for its variables. */
export interface Addressed {
  name: string;
  ip?: string;
  ip6?: string;
  /** The interfaces of a device. */
  interfaces?: { name: string; ip?: string; ip6?: string }[];
}

const variable = (name: string) => name.toUpperCase().replace(/[^A-Z0-9]/g, "_");

/**
 * Environment variables with the addresses of nodes: `NETYARD_IP_<NODE>` and `NETYARD_IP6_<NODE>`,
 * for a router those of its uplink; for a device with several interfaces also
 * `NETYARD_IP_<NODE>_<INTERFACE>`.
 */
export function labEnv(nodes: Iterable<Addressed>): Record<string, string> {
  const env: Record<string, string> = {};
  const put = (name: string, { ip, ip6 }: { ip?: string; ip6?: string }) => {
    if (ip) env[`NETYARD_IP_${variable(name)}`] = ip;
    if (ip6) env[`NETYARD_IP6_${variable(name)}`] = ip6;
  };
  const all = [...nodes];
  for (const { name, interfaces = [] } of all) {
    if (interfaces.length < 2) continue;
    for (const iface of interfaces) put(`${name}_${iface.name}`, iface);
  }
  // Last: the interface "b" of "a" must not replace the node "a-b".
  for (const node of all) put(node.name, node);
  return env;
}
