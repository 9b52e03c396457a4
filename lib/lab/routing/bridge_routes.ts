import { addAddress, addNeighbour } from "../../../native/netlink/address.ts";
import { addVeth, deleteLink, setLink } from "../../../native/netlink/link.ts";
import { deleteRoute, replaceRoute } from "../../../native/netlink/route.ts";
import { ipBytes, linkLocalFromMac, macBytes } from "../../address/mod.ts";
import type { LabCore } from "../model/lab.ts";
import { TopologyError } from "../options/errors.ts";
import { inside } from "../wiring/rtnetlink.ts";
import { removeIfPresent } from "../../../native/netlink/refusal.ts";
import type { RouteEnd, Segment } from "../model/records.ts";
import { linkName } from "../options/names.ts";
import type { Network } from "../model/addresses.ts";
import { step } from "../model/steps.ts";
import { type Defer, undoing } from "../model/undo.ts";
import { ensureBridge, withFreeNames } from "../wiring/links.ts";

/**
 * Routes between two bridges: a link between the nodes of both gateways, and on each side routes to
 * the other's networks alone. So routing is not transitive.
 */

/** Routes a bridge to others, to all of them or, on failure, to none. */
export function routeBridges(core: LabCore, here: Segment, others: Segment[]): void {
  const what = `bridge "${here.name}": route()`;
  for (const other of others) {
    if (other === here) {
      throw new TopologyError(`${what}: a bridge cannot be routed to itself; name another bridge`);
    }
    if ((here.v4 && other.v4) || (here.v6 && other.v6)) continue;
    throw new TopologyError(
      `${what}: it has no address family in common with "${other.name}"`,
    );
  }
  const added = new Set(others.filter((other) => !here.bridging.partners.has(other)));
  undoing((defer) => {
    for (const other of added) link(core, here, other, defer);
  });
  for (const { name } of added) core.bus.emit({ kind: "bridges-routed", a: here.name, b: name });
}

/** Removes the routes between two bridges, if there are any. */
export function unrouteBridges(core: LabCore, here: Segment, other: Segment): void {
  if (!here.bridging.partners.has(other)) return;
  unlink(core, here, other);
  core.bus.emit({ kind: "bridges-unrouted", a: here.name, b: other.name });
}

/** Removes all routes of a bridge before it is removed. */
export function removeBridgeRoutes(core: LabCore, here: Segment): void {
  for (const other of [...here.bridging.partners.keys()]) unrouteBridges(core, here, other);
}

function link(core: LabCore, a: Segment, b: Segment, defer: Defer): void {
  // The kernel refuses a route through an IPv4 gateway in a node without any IPv4 address.
  for (const bridge of [a, b]) {
    if (bridge.alwaysBridge) ensureBridge(core, bridge, bridge.gatewayLink, defer);
  }
  step("link");
  const macs = [core.nextMac(defer), core.nextMac(defer)];
  const [near, far] = withFreeNames([a.owner, b.owner], undefined, () => {
    const end = ({ owner }: Segment, other: Segment, mac: string): RouteEnd => ({
      name: linkName(`to-${other.name}`, (name) => owner.links.has(name)),
      index: owner.nextIndex++,
      mac,
      linkLocal: linkLocalFromMac(mac),
    });
    const ends = [end(a, b, macs[0]), end(b, a, macs[1])] as const;
    const mtu = Math.min(a.mtu, b.mtu);
    const spec = (end: RouteEnd) => ({ ...end, mac: macBytes(end.mac), mtu });
    inside(a.owner, (batch) => {
      const { namespace } = b.owner.runtime;
      addVeth(batch, spec(ends[0]), { ...spec(ends[1]), namespaceFd: namespace.fd });
    });
    return ends;
  });
  a.bridging.partners.set(b, near);
  b.bridging.partners.set(a, far);
  a.owner.links.add(near.name);
  b.owner.links.add(far.name);
  defer(() => unlink(core, a, b));
  step("routes");
  addRoutes(core, b, far, a, near);
  addRoutes(core, a, near, b, far);
}

/** Sets an end up, with routes over it to the networks of the other bridge. */
function addRoutes(
  core: LabCore,
  here: Segment,
  near: RouteEnd,
  there: Segment,
  far: RouteEnd,
): void {
  const { index } = near;
  inside(here.owner, (batch) => {
    setLink(batch, index, { up: true });
    if (here.v6 && there.v6) addAddress(batch, index, ipBytes(near.linkLocal), 64);
    for (const [network, gateway] of [[there.v4, there.v4?.gateway], [there.v6, far.linkLocal]]) {
      if (typeof network !== "object" || typeof gateway !== "string") continue;
      addNeighbour(batch, index, ipBytes(gateway), macBytes(far.mac));
      const { prefix, network: first } = network.cidr;
      const destination = ipBytes(first);
      replaceRoute(batch, { destination, prefix, gateway: ipBytes(gateway), index });
    }
  });
  core.unsettled.add(here.owner, [index], here.v6 && there.v6 ? [near.linkLocal] : []);
}

/** Updates the routes of a bridge's partners after its IPv6 network has changed. */
export function renumberBridgeRoutes(
  core: LabCore,
  here: Segment,
  former: Network | undefined,
): void {
  for (const [other, near] of here.bridging.partners) {
    const far = other.bridging.partners.get(here)!;
    if (former) {
      const { network, prefix } = former.cidr;
      const route = { destination: ipBytes(network), prefix, index: far.index };
      removeIfPresent(() => inside(other.owner, (batch) => deleteRoute(batch, route)));
    }
    addRoutes(core, here, near, other, far);
    addRoutes(core, other, far, here, near);
  }
}

function unlink(core: LabCore, a: Segment, b: Segment): void {
  for (const [here, there] of [[a, b], [b, a]]) {
    const end = here.bridging.partners.get(there);
    if (!end) continue;
    here.bridging.partners.delete(there);
    here.owner.links.delete(end.name);
    core.unsettled.drop(here.owner, [end.linkLocal]);
    // Deleting one end of a veth deletes the other.
    removeIfPresent(() => inside(here.owner, (batch) => deleteLink(batch, end.index)));
  }
}
