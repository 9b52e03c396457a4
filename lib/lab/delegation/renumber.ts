import { addAddress, deleteAddress } from "../../../native/netlink/address.ts";
import {
  deleteRoute,
  replaceByDroppingRoute,
  replaceRoute,
} from "../../../native/netlink/route.ts";
import { type Cidr, ipBytes, linkLocalFromMac } from "../../address/mod.ts";
import { loadBlackHole } from "../wiring/black_hole.ts";
import { renumberBridgeRoutes } from "../routing/bridge_routes.ts";
import { addressAdder, isGuest } from "../wiring/addresses.ts";
import type { LabCore } from "../model/lab.ts";
import { defaultInterface, type InterfaceRecord, type RouterRecord } from "../model/records.ts";
import { LAN_LENGTH } from "../options/delegation_options.ts";
import { loadNatV6 } from "../nat/rulesets.ts";
import { inside } from "../wiring/rtnetlink.ts";
import { removeIfPresent } from "../../../native/netlink/refusal.ts";
import { hasV6, IPV6_MIN_MTU } from "../options/families.ts";
import {
  addGatewayNeighbours,
  addMemberNeighbours,
  announceAddresses,
  removeNeighbours,
} from "../wiring/neighbours.ts";
import type { Network } from "../model/addresses.ts";
import { announce, announcedBy, withdraw } from "../routing/announce.ts";
import { undoing } from "../model/undo.ts";

/** Renumbers a LAN: the IPv6 address of its gateway, those of its members, and all routes to them. */

/**
 * Sets the delegated prefix of a router, or removes it. Its LAN has the first /64. The former addresses
 * are removed, and their connections end. Undone on failure.
 */
export function setDelegatedPrefix(
  core: LabCore,
  router: RouterRecord,
  prefix: Cidr | undefined,
): void {
  const former = router.delegated;
  undoing((defer) => {
    defer(() => renumber(core, router, former));
    renumber(core, router, prefix);
  });
}

function renumber(core: LabCore, router: RouterRecord, prefix: Cidr | undefined): void {
  const { lan } = router;
  const members = [...lan.members.keys()].filter(takesV6);
  const behind = members.map(({ node }) => node).filter((node) => node.kind === "router");
  // Routes to downstream networks lead through their addresses, which change.
  const routers = [...behind, router];
  for (const one of routers) withdraw(core, one, announced6(one));
  // Other members make their addresses from router advertisements.
  const given = members.filter(({ autoconf }) => !autoconf);
  for (const member of given) takeAddress(core, member);
  const old = lan.v6;
  if (old) takeNetwork(core, router, old);
  router.delegated = prefix;
  lan.v6 = prefix && core.addresses.delegatedLan(prefix);
  if (lan.v6) giveNetwork(core, router, lan.v6);
  router.withdrawn = withdrawnOf(router, old?.cidr.toString());
  for (const member of given) giveAddress(core, member);
  for (const one of behind) masqueradeAnew(one);
  renumberBridgeRoutes(core, lan, old);
  for (const one of routers.reverse()) announce(core, one, announced6(one));
  loadBlackHole(lan);
  for (const member of given) core.renamed(member);
  core.provisioning.renumbered(lan);
  core.advertising.changed(router);
}

/** The number of former networks that are advertised as deprecated. */
const REMEMBERED = 4;

function withdrawnOf({ lan: { v6 }, withdrawn }: RouterRecord, former?: string): string[] {
  const now = v6?.cidr.toString();
  const all = new Set([...former === undefined ? [] : [former], ...withdrawn]);
  return [...all].filter((cidr) => cidr !== now).slice(0, REMEMBERED);
}

/** Whether a member of a LAN takes IPv6 addresses. */
function takesV6({ node, mtu }: InterfaceRecord): boolean {
  if (mtu < IPV6_MIN_MTU) return false;
  return node.kind !== "router" || hasV6(node.ipSupport);
}

const announced6 = (router: RouterRecord) => announcedBy(router).filter((to) => to.includes(":"));

function takeNetwork(core: LabCore, router: RouterRecord, { gateway, cidr }: Network): void {
  const { lan, delegated } = router;
  core.unsettled.drop(router, [gateway]);
  const { gatewayLink } = lan;
  if (gatewayLink) {
    removeIfPresent(() =>
      inside(
        router,
        (batch) => deleteAddress(batch, gatewayLink.index, ipBytes(gateway), cidr.prefix),
      )
    );
  }
  if (!delegated || delegated.prefix >= LAN_LENGTH) return;
  const { network, prefix } = delegated;
  removeIfPresent(() => {
    inside(router, (batch) => deleteRoute(batch, { destination: ipBytes(network), prefix }));
  });
}

function giveNetwork(core: LabCore, router: RouterRecord, { gateway, cidr }: Network): void {
  const { lan, delegated } = router;
  const { gatewayLink, linkLocal } = lan;
  inside(router, (batch) => {
    if (gatewayLink) {
      addAddress(batch, gatewayLink.index, ipBytes(gateway), cidr.prefix);
      addAddress(batch, gatewayLink.index, ipBytes(linkLocal), 64);
    }
    // Packets to unused parts must not go back to the ISP, which would return them (RFC 7084, WPD-5).
    if (delegated && delegated.prefix < LAN_LENGTH) {
      const { network, prefix } = delegated;
      replaceByDroppingRoute(batch, "unreachable", { destination: ipBytes(network), prefix });
    }
  });
  if (gatewayLink) core.unsettled.add(router, [], [gateway, linkLocal]);
}

/** Reloads a masquerade, whose rules name the address of the uplink. */
function masqueradeAnew(router: RouterRecord): void {
  const { natV6, nat } = router;
  if (natV6 === "masquerade") loadNatV6(router, natV6, nat);
}

function takeAddress(core: LabCore, iface: InterfaceRecord): void {
  const { node, index, ip6, prefix6 } = iface;
  if (!ip6) return;
  removeNeighbours(iface, [ip6]);
  iface.ip6 = undefined;
  core.unsettled.drop(node, [ip6]);
  if (isGuest(node) || !iface.up) return;
  removeIfPresent(() =>
    inside(node, (batch) => deleteAddress(batch, index, ipBytes(ip6), prefix6))
  );
}

function giveAddress(core: LabCore, iface: InterfaceRecord): void {
  const { node, index, segment, mac } = iface;
  if (!segment.v6) return;
  const ip6 = segment.v6.hosts.take();
  const linkLocal = linkLocalFromMac(mac);
  Object.assign(iface, { ip6, prefix6: segment.v6.cidr.prefix, linkLocal6: linkLocal });
  const { gatewayLink } = segment;
  if (gatewayLink) {
    inside(segment.owner, (batch) => addMemberNeighbours(batch, gatewayLink.index, iface));
  }
  if (!isGuest(node) && iface.up) {
    const add = addressAdder(core, node);
    inside(node, (batch) => {
      add(batch, index, ipBytes(ip6), iface.prefix6);
      add(batch, index, ipBytes(linkLocal), 64);
      addGatewayNeighbours(batch, iface);
      const isDefault = node.kind === "router" || defaultInterface(node) === iface;
      if (isDefault) replaceRoute(batch, { gateway: ipBytes(segment.linkLocal), index });
    });
    if (add === addAddress) core.unsettled.add(node, [], [ip6, linkLocal]);
    else core.provisioning.afterUp(iface);
  }
  announceAddresses(iface, [ip6]);
}
