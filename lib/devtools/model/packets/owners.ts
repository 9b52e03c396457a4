import type { LabState } from "../../../events/states/lab.ts";
import type { AddressOwner, OwnerOf } from "../../../packets/mod.ts";

/** Finds the node, and the interface, of each address of a lab. */
export function ownersOf(state: LabState): OwnerOf {
  const owners = new Map<string, AddressOwner>();
  const add = (address: string | undefined, node: string, iface?: string) => {
    if (address && !owners.has(address)) owners.set(address, { node, interface: iface });
  };
  const nodes = { ...state.routers, ...state.devices, ...state.vms };
  for (const { name: node, interfaces } of Object.values(nodes)) {
    for (const { name, ip, ip6, linkLocal6, addresses = [] } of interfaces) {
      for (const address of [ip, ip6, linkLocal6, ...addresses.map((each) => each.ip)]) {
        add(address, node, name);
      }
    }
  }
  for (const router of Object.values(state.routers)) {
    // The name of the interface to a LAN is not in the state.
    for (const address of [router.downstreamGateway, router.downstreamGateway6]) {
      add(address, router.name);
    }
    for (const address of [router.uplinkIp, router.uplinkIp6]) add(address, router.name);
  }
  return (address) => owners.get(address);
}
