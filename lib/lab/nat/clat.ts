import { CLAT_HOST, type LabAddresses } from "../model/addresses.ts";
import { addAddress } from "../../../native/netlink/address.ts";
import { replaceRoute } from "../../../native/netlink/route.ts";
import { getSysctl, setSysctl } from "../../../native/sysctl.ts";
import { ipBytes } from "../../address/mod.ts";
import { NAT64_PREFIX } from "../../siit/mod.ts";
import { type Translators, TUN_INDEX } from "../../translation/mod.ts";
import { explained } from "../options/named_errors.ts";
import { inside } from "../wiring/rtnetlink.ts";
import {
  type Clat,
  type DeviceRecord,
  type InterfaceRecord,
  nat64Above,
  nat64Over,
  type Segment,
} from "../model/records.ts";
import { linkName } from "../options/names.ts";
import type { ClatLan } from "../options/checks.ts";
import { addRoute, removeRoute } from "../wiring/segment_routes.ts";
import { step } from "../model/steps.ts";
import { type Defer, undoing } from "../model/undo.ts";

/**
 * The CLAT of a device (RFC 6877): a translator on a TUN, by which its programs have IPv4 where there
 * is none. Its IPv6 address is one more of the LAN's, which the router sends to the device and the
 * device forwards to the TUN.
 */

/** What a lab has for it. */
export interface ClatLab {
  addresses: LabAddresses;
  translators: Translators;
  devices: ReadonlyMap<string, DeviceRecord>;
}

/** What programs have for their IPv4 address (RFC 7335). */
export const CLAT_IP = "192.0.0.1";
/** From whom errors of IPv6 routers come, which have no IPv4 address (RFC 7600, 4.8). */
const ROUTERS_IP = "192.0.0.8";
/** By so much an IPv6 header is longer than one of IPv4. */
const LONGER = 20;

/** What a CLAT has to know of a LAN before there is one. */
export function clatLan({ name, v4, owner }: Segment): ClatLan {
  const nat64 = owner.kind === "router" && nat64Over(owner) !== undefined;
  return { name, v4: v4 !== undefined, nat64 };
}

/** Has each device that wants a CLAT have one where it can, and none where it cannot. */
export function settleClats(core: ClatLab): void {
  for (const device of core.devices.values()) {
    if (device.clat && !device.removed) settle(core, device);
  }
}

function settle(core: ClatLab, device: DeviceRecord): void {
  const wanted = placeOf(device);
  const now = device.activeClat;
  const isSame = now?.iface === wanted && now?.segment === wanted?.segment &&
    now?.via === wanted?.ip6;
  if (now && !isSame) stopClat(device);
  if (wanted && !device.activeClat) undoing((defer) => startClat(core, device, wanted, defer));
}

/** The interface by which a device reaches a NAT64, if it has no IPv4 of its own. */
function placeOf({ interfaces, defaultInterface }: DeviceRecord): InterfaceRecord | undefined {
  if ([...interfaces.values()].some(({ ip }) => ip !== undefined)) return undefined;
  const iface = interfaces.get(defaultInterface ?? "");
  return nat64Above(iface) && iface;
}

/** Gives a device a CLAT behind an interface; on failure all is as before. */
export function startClat(
  core: ClatLab,
  device: DeviceRecord,
  iface: InterfaceRecord,
  defer: Defer,
): void {
  step("clat");
  const { segment } = iface;
  const { hosts } = segment.v6!;
  const ip6 = explained(
    `${device.name}: address of its CLAT`,
    () => core.addresses.takeHost(segment.v6!, device.name, CLAT_HOST, undefined, defer),
  );
  const link = linkName("clat", (name) => device.links.has(name));
  const { namespace } = device.runtime;
  namespace.enter(() => forward([...device.interfaces.keys()]));
  const place = { namespace, name: link, mtu: iface.mtu, label: device.name };
  const spec = { ip: CLAT_IP, ip6, prefix: NAT64_PREFIX, address4: ROUTERS_IP };
  const translation = core.translators.add(place, { kind: "clat", ...spec });
  device.links.add(link);
  device.activeClat = { translation, link, iface, segment, via: iface.ip6, hosts, ip6 };
  defer(() => void end(device));
  inside(device, (batch) => {
    addAddress(batch, TUN_INDEX, ipBytes(CLAT_IP), 32);
    replaceRoute(batch, { destination: ipBytes(ip6), prefix: 128, index: TUN_INDEX });
    // What comes back is as long as the link takes, and what goes out will be longer.
    replaceRoute(batch, { family: 4, index: TUN_INDEX, mtu: iface.mtu - LONGER });
  });
  addRoute(segment, `${ip6}/128`, iface);
}

/** Takes a device's CLAT away, and gives its address back. */
export function stopClat(device: DeviceRecord): void {
  const former = end(device);
  former?.hosts.release(former.ip6);
}

function end(device: DeviceRecord): Clat | undefined {
  const { activeClat } = device;
  if (!activeClat) return undefined;
  device.activeClat = undefined;
  device.links.delete(activeClat.link);
  activeClat.translation.remove();
  removeRoute(activeClat.segment, `${activeClat.ip6}/128`);
  return activeClat;
}

/** A host that forwards takes no advertisements of routers, unless it is told to (`accept_ra` 2). */
function forward(links: string[]): void {
  if (getSysctl("net.ipv6.conf.all.forwarding") === "1") return;
  for (const link of ["default", ...links]) accept(link);
  setSysctl("net.ipv6.conf.all.forwarding", 1);
}

function accept(link: string): void {
  const name = `net.ipv6.conf.${link.replaceAll(".", "/")}.accept_ra`;
  if (getSysctl(name) === "1") setSysctl(name, 2);
}
