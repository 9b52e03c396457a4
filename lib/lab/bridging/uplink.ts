import { NetyardError } from "../../../native/error.ts";
import { addAddress } from "../../../native/netlink/address.ts";
import { addVeth, deleteLink, setLink } from "../../../native/netlink/link.ts";
import { replaceRoute } from "../../../native/netlink/route.ts";
import { loadRules } from "../wiring/rules.ts";
import { ownTables } from "../../../native/nftables.ts";
import { ipBytes, macBytes } from "../../address/mod.ts";
import {
  UPLINK_LINK,
  UPLINK_TABLE,
  uplinkHostRules,
  uplinkNodeRules,
  type UplinkPlace,
} from "../../bridge/uplink_rules.ts";
import { allSettled } from "../model/all_settled.ts";
import type { LabCore } from "../model/lab.ts";
import { TopologyError } from "../options/errors.ts";
import { UplinkError } from "../../bridge/errors.ts";
import { inside } from "../wiring/rtnetlink.ts";
import { removeIfPresent } from "../../../native/netlink/refusal.ts";
import type { Port, Segment } from "../model/records.ts";
import { linkName } from "../options/names.ts";
import { step } from "../model/steps.ts";
import { type Defer, undoing } from "../model/undo.ts";
import {
  configureHostEnd,
  enableForwarding,
  makeUplinkLink,
  type UplinkHost,
  uplinkHost,
} from "../../bridge/uplink_host.ts";
import { UplinkWatch } from "../../bridge/uplink_forwarding.ts";
import { withFreeNames } from "../wiring/links.ts";

/**
 * The uplink of a bridge: a link from its node to the host, NAT on both ends, and forwarding on the
 * host. All of it is removed when this process ends, however it ends: the link with the namespace of the
 * bridge, the rules of the host with the socket that added them, and its settings by a watcher.
 */

/** Connects a bridge to the networks of the host. Idempotent. */
export async function enableUplink(core: LabCore, segment: Segment, what: string): Promise<void> {
  const { bridging, owner, name } = segment;
  if (owner.kind !== "bridge") {
    throw new TopologyError(
      `${what}: this is the LAN of router "${name}", and the router is its uplink; ` +
        "only bridges of lab.bridge() can have one",
    );
  }
  if (bridging.uplink) return;
  const host = uplinkHost(what);
  step("uplink watch");
  const watch = UplinkWatch.start(what);
  try {
    const parts = undoing((defer) => build(core, segment, what, host, defer));
    const all = [...parts, () => watch.close()];
    bridging.uplink = { close: () => allSettled(all.map(async (part) => await part())) };
  } catch (error) {
    await watch.close();
    if (error instanceof UplinkError || !(error instanceof NetyardError)) throw error;
    throw new UplinkError(`${what}: the host refused a setting: ${error.message}`, {
      cause: error,
    });
  }
  const { ipv4, ipv6 } = host;
  core.bus.emit({ kind: "uplink-enabled", bridge: name, ipv4, ipv6 });
}

/** Removes the uplink, if there is one. */
export async function disableUplink(core: LabCore, segment: Segment): Promise<void> {
  const closed = closeUplink(segment);
  if (!closed) return;
  core.bus.emit({ kind: "uplink-disabled", bridge: segment.name });
  await closed;
}

/** Removes the uplink of a bridge, if it has one; resolves when the settings of the host are restored. */
export function closeUplink({ bridging }: Segment): Promise<void> | undefined {
  const { uplink } = bridging;
  bridging.uplink = undefined;
  return uplink?.close();
}

/** Builds both sides; returns the functions that remove them. */
function build(
  core: LabCore,
  segment: Segment,
  what: string,
  host: UplinkHost,
  defer: Defer,
): (() => void)[] {
  const { owner } = segment;
  step("uplink link");
  const { link, place } = makeLink(core, segment, what, host, defer);
  const removeLink = () => {
    owner.links.delete(link.name);
    core.unsettled.drop(owner, [place.v6.node]);
    removeIfPresent(() => inside(owner, (batch) => deleteLink(batch, link.index)));
  };
  defer(removeLink);
  step("uplink rules");
  loadRules(owner, uplinkNodeRules(link.name));
  const removeNodeRules = () => loadRules(owner, `delete table inet ${UPLINK_TABLE}`);
  defer(removeNodeRules);
  const of = (family: 4 | 6) =>
    host.settings.filter((one) => one.family === family && one.switched).map((one) => one.link);
  const tables = ownTables(uplinkHostRules({ place, switched: { ip: of(4), ip6: of(6) } }));
  const removeHostRules = () => tables[Symbol.dispose]();
  defer(removeHostRules);
  step("uplink settings");
  configureHostEnd(what, place, host);
  enableForwarding(what, host.settings);
  settleNodeEnd(core, segment, link.index, place, host);
  // The link first: later packets would pass untranslated.
  return [removeLink, removeHostRules, removeNodeRules];
}

function makeLink(
  core: LabCore,
  { owner, mtu }: Segment,
  what: string,
  host: UplinkHost,
  defer: Defer,
): { link: Port; place: UplinkPlace } {
  const [mac, hostMac] = [core.nextMac(defer), core.nextMac(defer)];
  let link!: Port;
  const place = makeUplinkLink(what, host, { mac: hostMac, mtu }, (hostEnd) => {
    link = withFreeNames([owner], undefined, () => {
      const name = linkName(UPLINK_LINK, (name) => owner.links.has(name));
      const end = { name, index: owner.nextIndex++ };
      // Created in this namespace: the kernel ignores the requested index of a peer whose first end has none.
      inside(owner, (batch) => addVeth(batch, { ...end, mac: macBytes(mac), mtu }, hostEnd));
      return end;
    });
  });
  owner.links.add(link.name);
  return { link, place };
}

function settleNodeEnd(
  core: LabCore,
  { owner }: Segment,
  index: number,
  { v4, v6 }: UplinkPlace,
  host: UplinkHost,
): void {
  inside(owner, (batch) => {
    setLink(batch, index, { up: true });
    for (
      const { prefix, node, host: gateway } of [...host.ipv4 ? [v4] : [], ...host.ipv6 ? [v6] : []]
    ) {
      addAddress(batch, index, ipBytes(node), prefix);
      replaceRoute(batch, { gateway: ipBytes(gateway), index });
    }
  });
  core.unsettled.add(owner, [index], host.ipv6 ? [v6.node] : []);
}
