import { addAddress, addNeighbour } from "../../../native/netlink/address.ts";
import { addVeth, deleteLink, setLink } from "../../../native/netlink/link.ts";
import { formatIp, ipBytes, linkLocalFromMac, macBytes } from "../../address/mod.ts";
import type { RegionLink } from "../../link/mod.ts";
import { applyCondition } from "../link/conditions.ts";
import type { LabCore } from "../model/lab.ts";
import { discardImpairment, effective, unimpaired } from "../model/condition_state.ts";
import { inside } from "../wiring/rtnetlink.ts";
import { removeIfPresent } from "../../../native/netlink/refusal.ts";
import type { RegionRecord } from "../model/records.ts";
import { ETHERNET_MTU } from "../options/families.ts";
import { linkName } from "../options/names.ts";
import { linkKey, type RegionEnd, type RegionLinkRecord } from "../model/region_link.ts";
import { reroute } from "./region_routes.ts";
import { step } from "../model/steps.ts";
import { type Defer, undoing } from "../model/undo.ts";
import { withFreeNames } from "../wiring/links.ts";

/** The links between regions: making, changing, breaking, restoring and removing them. */

const keyOf = ({ ends: [a, b] }: RegionLinkRecord) => linkKey(a.region.region, b.region.region);

/** Returns each end of a link together with the other end. */
export function eachEnd({ ends: [a, b] }: RegionLinkRecord): [near: RegionEnd, far: RegionEnd][] {
  return [[a, b], [b, a]];
}

/** Adds a link between two regions that have none. */
export function makeLink(
  core: LabCore,
  what: string,
  regions: [RegionRecord, RegionRecord],
  limits: RegionLink,
  defer: Defer,
): RegionLinkRecord {
  step("plan");
  const network = core.addresses.takeRegionLink(
    what,
    linkKey(regions[0].region, regions[1].region),
    defer,
  );
  const [a, b] = regions.sort((a, b) => a.region < b.region ? -1 : 1);
  const end = (region: RegionRecord, value: bigint): RegionEnd => {
    const mac = core.nextMac(defer);
    const ip = formatIp({ family: 4, value });
    const linkLocal6 = linkLocalFromMac(mac);
    return { region, name: "", index: 0, mac, ip, linkLocal6, condition: unimpaired() };
  };
  const ends = [end(a, network.first), end(b, network.last)] as const;
  const link: RegionLinkRecord = {
    ends,
    limits: {},
    up: true,
    requestedUp: true,
    heldDown: new Set(),
    network,
  };
  step("link");
  addLink(link);
  defer(() => removeVeth(core, link));
  bringUp(core, link);
  impair(core, link, limits, defer);
  link.limits = limits;
  defer(() => link.limits = {});
  // Packets take this link from here on, so it must work by now.
  core.settleKernel();
  defer(() => reroute(core));
  const key = keyOf(link);
  core.regionLinks.set(key, link);
  defer(() => core.regionLinks.delete(key));
  step("routes");
  reroute(core);
  return link;
}

/** Changes the condition of a link; a broken link stays broken. */
export function changeLink(core: LabCore, link: RegionLinkRecord, limits: RegionLink): void {
  undoing((defer) => {
    impair(core, link, limits, defer);
    const old = link.limits;
    defer(() => reroute(core));
    link.limits = limits;
    defer(() => link.limits = old);
    step("routes");
    reroute(core);
  });
}

/** Breaks a link that is up: packets in transit are lost, and later ones take another path. */
export function breakLink(core: LabCore, link: RegionLinkRecord): void {
  undoing((defer) => {
    defer(() => reroute(core));
    link.up = false;
    defer(() => link.up = true);
    step("routes");
    reroute(core);
    defer(() => bringUp(core, link));
    step("link");
    setDown(core, link);
    for (const { condition } of link.ends) condition.impairment?.drop();
  });
}

/** Restores a broken link. */
export function restoreLink(core: LabCore, link: RegionLinkRecord): void {
  undoing((defer) => {
    defer(() => setDown(core, link));
    step("link");
    bringUp(core, link);
    core.settleKernel();
    defer(() => reroute(core));
    link.up = true;
    defer(() => link.up = false);
    step("routes");
    reroute(core);
  });
}

/** Removes links. */
export function removeLinks(core: LabCore, links: RegionLinkRecord[]): void {
  undoing((defer) => {
    defer(() => reroute(core));
    for (const link of links) {
      core.regionLinks.delete(keyOf(link));
      defer(() => core.regionLinks.set(keyOf(link), link));
    }
    step("routes");
    reroute(core);
  });
  for (const link of links) {
    removeVeth(core, link);
    for (const { condition } of link.ends) discardImpairment(condition);
    core.addresses.releaseRegionLink(link.network);
  }
}

/** Adds the veth of a link. */
function addLink({ ends: [a, b] }: RegionLinkRecord): void {
  withFreeNames([a.region, b.region], undefined, () => {
    for (const [near, far] of [[a, b], [b, a]]) {
      near.index = near.region.nextIndex++;
      near.name = linkName(far.region.name, (name) => near.region.links.has(name));
    }
    const spec = ({ name, index, mac }: RegionEnd) => ({
      name,
      index,
      mac: macBytes(mac),
      mtu: ETHERNET_MTU,
    });
    inside(a.region, (batch) => {
      addVeth(batch, spec(a), { ...spec(b), namespaceFd: b.region.runtime.namespace.fd });
    });
  });
  for (const { region, name } of [a, b]) region.links.add(name);
}

/** Deletes the veth of a link. */
function removeVeth(core: LabCore, { ends }: RegionLinkRecord): void {
  const [{ region, index }] = ends;
  for (const { region, name, linkLocal6 } of ends) {
    region.links.delete(name);
    core.unsettled.drop(region, [linkLocal6]);
  }
  removeIfPresent(() => inside(region, (batch) => deleteLink(batch, index)));
}

/** Sets both ends up, with addresses and neighbours: the kernel drops them when a link goes down. */
function bringUp(core: LabCore, link: RegionLinkRecord): void {
  for (const [near] of eachEnd(link)) {
    const { region, index } = near;
    inside(region, (batch) => {
      setLink(batch, index, { up: true });
      addAddress(batch, index, ipBytes(near.ip), link.network.prefix);
      addAddress(batch, index, ipBytes(near.linkLocal6), 64);
    });
    core.unsettled.add(region, [index], [near.linkLocal6]);
  }
  // Without a carrier, the kernel might drop them.
  for (const [{ region, index }, far] of eachEnd(link)) {
    inside(region, (batch) => {
      for (const ip of [far.ip, far.linkLocal6]) {
        addNeighbour(batch, index, ipBytes(ip), macBytes(far.mac));
      }
    });
  }
}

function setDown(core: LabCore, link: RegionLinkRecord): void {
  for (const { region, index, linkLocal6 } of link.ends) {
    inside(region, (batch) => setLink(batch, index, { up: false }));
    core.unsettled.drop(region, [linkLocal6]);
  }
}

/** Emits the effective condition of a link; faults count. */
export function emitRegionLink(core: LabCore, { ends: [near, far] }: RegionLinkRecord): void {
  const link = { ...effective(near.condition) as RegionLink };
  core.bus.emit({ kind: "region-linked", a: near.region.region, b: far.region.region, link });
}

/** Sets the condition of both directions. */
function impair(core: LabCore, link: RegionLinkRecord, limits: RegionLink, defer: Defer): void {
  for (const [near, far] of eachEnd(link)) {
    defer(() => impairEnd(core, near, far, link.limits));
    step("condition");
    impairEnd(core, near, far, limits);
  }
}

function impairEnd(core: LabCore, near: RegionEnd, far: RegionEnd, limits: RegionLink): void {
  near.condition.requested = limits;
  putRegionEnd(core, near, far);
}

/** Applies the effective condition to what leaves an end. */
export function putRegionEnd(core: LabCore, near: RegionEnd, far: RegionEnd): void {
  const { region, index, name } = near;
  const label = `region ${region.region} -> ${far.region.region}`;
  const { namespace } = region.runtime;
  applyCondition(
    core,
    near.condition,
    () => ({ namespace, index, name, label }),
    `${region.name} ${name}`,
  );
}
