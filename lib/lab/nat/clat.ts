import { CLAT_HOST, type LabAddresses } from "../model/addresses.ts";
import { addAddress } from "../../../native/netlink/address.ts";
import { replaceRoute } from "../../../native/netlink/route.ts";
import { getSysctl, setSysctl } from "../../../native/sysctl.ts";
import { ipBytes } from "../../address/mod.ts";
import { NAT64_PREFIX } from "../../siit/embed.ts";
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
 * The CLAT of a device (RFC 6877): a translator on a TUN that gives programs IPv4 on an IPv6-only LAN.
 * It has an additional IPv6 address of the LAN: the router sends packets for it to the device, and the
 * device forwards them to the TUN.
 */

/** The parts of a lab that CLATs use. */
export interface ClatLab {
  addresses: LabAddresses;
  translators: Translators;
  devices: ReadonlyMap<string, DeviceRecord>;
}

/** The IPv4 address of programs (RFC 7335). */
export const CLAT_IP = "192.0.0.1";
/** The source address of errors from IPv6 routers, which have no IPv4 address (RFC 7600, 4.8). */
const ROUTERS_IP = "192.0.0.8";
/** The length of an IPv6 header minus that of an IPv4 header, in bytes. */
const LONGER = 20;

/** Returns the properties of a LAN that decide whether a CLAT is useful. */
export function clatLan({ name, v4, owner }: Segment): ClatLan {
  const nat64 = owner.kind === "router" && nat64Over(owner) !== undefined;
  return { name, v4: v4 !== undefined, nat64 };
}

/** Starts and stops CLATs after a change: each device that requests one has it wherever it can work. */
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

/** Returns the interface by which a device reaches a NAT64; undefined if the device has IPv4. */
function placeOf({ interfaces, defaultInterface }: DeviceRecord): InterfaceRecord | undefined {
  if ([...interfaces.values()].some(({ ip }) => ip !== undefined)) return undefined;
  const iface = interfaces.get(defaultInterface ?? "");
  return nat64Above(iface) && iface;
}

/** Starts the CLAT of a device on an interface. Undone on failure. */
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
    // Translated packets are longer on the link than the IPv4 packets of the programs.
    replaceRoute(batch, { family: 4, index: TUN_INDEX, mtu: iface.mtu - LONGER });
  });
  addRoute(segment, `${ip6}/128`, iface);
}

/** Stops the CLAT of a device, and releases its address. */
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

/** Turns on forwarding. A forwarding host ignores router advertisements unless `accept_ra` is 2. */
function forward(links: string[]): void {
  if (getSysctl("net.ipv6.conf.all.forwarding") === "1") return;
  for (const link of ["default", ...links]) accept(link);
  setSysctl("net.ipv6.conf.all.forwarding", 1);
}

function accept(link: string): void {
  const name = `net.ipv6.conf.${link.replaceAll(".", "/")}.accept_ra`;
  if (getSysctl(name) === "1") setSysctl(name, 2);
}
