import { closeFd, openFd } from "../../native/libc.ts";
import { addAddress } from "../../native/netlink/address.ts";
import { addVeth, linkStates, setLink, syncLink } from "../../native/netlink/link.ts";
import {
  dumpRoutes,
  getRoute,
  isLocalRoute,
  readUnicastRoute,
} from "../../native/netlink/route.ts";
import { rtnetlink } from "../../native/netlink/socket.ts";
import { processEnvironment } from "../../native/process/process.ts";
import { getSysctl, setSysctl } from "../../native/sysctl.ts";
import { ROOTLESS_MARKER } from "../../native/process/userns.ts";
import { Cidr, ipBytes, ipFromBytes, macBytes, parseIp } from "../address/mod.ts";
import { UPLINK_PREFIX, type UplinkPlace, uplinkPlaces } from "./uplink_rules.ts";
import { UplinkError } from "./errors.ts";
import { refusedBy } from "../../native/netlink/refusal.ts";
import { SWITCHED, TAG } from "./uplink_forwarding.ts";

/** The host's side of uplinks: the network namespace that this thread is in. */

/** The facts of a host that matter for uplinks. */
export interface UplinkHost {
  /** Whether the host has a usable default route for IPv4. */
  ipv4: boolean;
  /** The same for IPv6. */
  ipv6: boolean;
  /** The settings that make the host forward packets from its links. */
  settings: ForwardSetting[];
  /** The networks of its routes. */
  networks: Cidr[];
}

/** A setting that makes the host forward packets from a link. */
export interface ForwardSetting {
  family: 4 | 6;
  link: string;
  /** Whether it is off, or on for uplinks only. */
  switched: boolean;
}

const isLink = (name: string) => name !== "lo" && !name.startsWith(UPLINK_PREFIX);
const inSysctl = (link: string) => link.replaceAll(".", "/");
const forwarding4 = (link: string) => `net.ipv4.conf.${inSysctl(link)}.forwarding`;
/** Since Linux 6.17; without it a host forwards IPv6 on all links or on none. */
const forwarding6 = (link: string) => `net.ipv6.conf.${inSysctl(link)}.force_forwarding`;
const tagOf = (link: string) => `net.ipv4.conf.${inSysctl(link)}.tag`;
const isOn = (name: string) => (getSysctl(name) ?? "0") !== "0";
const forwardsAll6 = () => isOn("net.ipv6.conf.all.forwarding");
const canForward6 = () => forwardsAll6() || getSysctl(forwarding6("all")) !== undefined;

/** Collects the facts of the host. Throws if it has no default route that a bridge could share. */
export function uplinkHost(what: string): UplinkHost {
  const names = new Map(linkStates(rtnetlink).map((l) => [l.index, l.name]));
  const networks: Cidr[] = [];
  const leads = { 4: false, 6: false };
  const settings: ForwardSetting[] = [];
  for (const family of [4, 6] as const) {
    const routes = rtnetlink((batch) => dumpRoutes(batch, family)).map(readUnicastRoute)
      .filter((route) => route !== undefined);
    const links = new Set<string>();
    for (const { destination, prefix, links: indexes } of routes) {
      networks.push(new Cidr(family, parseIp(ipFromBytes(destination)).value, prefix));
      const through = indexes.map((index) => names.get(index) ?? "lo").filter(isLink);
      for (const name of through) links.add(name);
      if (prefix === 0 && through.length > 0) leads[family] = true;
    }
    if (family === 4) settings.push(...[...links].map(setting4));
    else if (!forwardsAll6()) settings.push(...[...links].map(setting6));
  }
  const ipv6 = leads[6] && canForward6();
  if (!leads[4] && !ipv6) throw noRoute(what, leads[6]);
  const needed = settings.filter(({ family }) => family === 4 ? leads[4] : ipv6);
  return { ipv4: leads[4], ipv6, settings: needed, networks };
}

function setting4(link: string): ForwardSetting {
  const value = getSysctl(forwarding4(link)) ?? "0";
  return { family: 4, link, switched: value === "0" || value === SWITCHED };
}

function setting6(link: string): ForwardSetting {
  const switched = !isOn(forwarding6(link)) || getSysctl(tagOf(link)) === TAG;
  return { family: 6, link, switched };
}

function noRoute(what: string, isIpv6: boolean): UplinkError {
  if (isIpv6) {
    return new UplinkError(
      `${what}: the host only has a default route for IPv6, and this kernel forwards IPv6 on all ` +
        "links or on none: run `sysctl -w net.ipv6.conf.all.forwarding=1`, with `accept_ra=2` on " +
        "the link whose route comes from router advertisements",
    );
  }
  if (processEnvironment().includes(ROOTLESS_MARKER)) {
    return new UplinkError(
      `${what}: this process runs as an ordinary user, in a network namespace without routes to the ` +
        "host's networks: run the script as root, or with a connection: " +
        "`pasta --config-net -- unshare --mount-proc -- deno run ...` (package passt)",
    );
  }
  return new UplinkError(
    `${what}: this host has no default route, so there is nothing to share with the bridge: ` +
      "see `ip route` and `ip -6 route`, and connect the host or add one " +
      "(`ip route add default via ...`)",
  );
}

/**
 * Enables forwarding on links that do not forward yet, with the marks of `uplink_forwarding.ts`. Call it
 * after loading the rules that drop foreign traffic, and with a watcher.
 */
export function enableForwarding(what: string, settings: readonly ForwardSetting[]): void {
  for (const { family, link } of settings) {
    const name = family === 4 ? forwarding4(link) : forwarding6(link);
    if (isOn(name)) continue;
    if (family === 4) {
      setSysctl(name, SWITCHED);
      continue;
    }
    const tag = getSysctl(tagOf(link));
    if (tag !== "0" && tag !== TAG) {
      throw new UplinkError(
        `${what}: ${
          tagOf(link)
        } of the host is ${tag}, but uplinks mark links with it: set it to 0`,
      );
    }
    setSysctl(tagOf(link), TAG);
    setSysctl(name, 1);
  }
}

/** The host's end of the link, for creating the link from the other end. */
export type HostEnd = Parameters<typeof addVeth>[2];

/** Creates the link with `make`, with the first name and addresses that are free on the host. */
export function makeUplinkLink(
  what: string,
  { networks }: UplinkHost,
  { mac, mtu }: { mac: string; mtu: number },
  make: (host: HostEnd) => void,
): UplinkPlace {
  const namespaceFd = openFd("/proc/thread-self/ns/net");
  try {
    for (const place of uplinkPlaces(networks)) {
      try {
        // The host chooses the index of its end.
        make({ name: place.name, index: 0, mac: macBytes(mac), mtu, namespaceFd });
        return place;
      } catch (error) {
        // Another uplink has taken this place meanwhile.
        if (!refusedBy(error, ["EEXIST"])) throw error;
      }
    }
  } finally {
    closeFd(namespaceFd);
  }
  throw new UplinkError(
    `${what}: the host has routes to all addresses that uplinks can use, 100.127.192.0/18: ` +
      "remove some of these routes",
  );
}

const ADDRESS_TIMEOUT_MS = 5_000;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Configures the host's end: its addresses and forwarding. It is usable when this returns. */
export function configureHostEnd(what: string, place: UplinkPlace, host: UplinkHost): void {
  const { name, v4, v6 } = place;
  const index = linkStates(rtnetlink).find((link) => link.name === name)?.index;
  if (index === undefined) throw new UplinkError(`${what}: its link ${name} on the host is gone`);
  if (host.ipv4 && !isOn(forwarding4(name))) setSysctl(forwarding4(name), 1);
  if (host.ipv6) {
    const disabled = `net.ipv6.conf.${name}.disable_ipv6`;
    if (isOn(disabled)) setSysctl(disabled, 0);
    if (!forwardsAll6()) setSysctl(forwarding6(name), 1);
  }
  rtnetlink((batch) => {
    setLink(batch, index, { up: true });
    if (host.ipv4) addAddress(batch, index, ipBytes(v4.host), v4.prefix);
    if (host.ipv6) addAddress(batch, index, ipBytes(v6.host), v6.prefix);
    syncLink(batch, index);
  });
  // IPv6 addresses become usable a moment later.
  const deadline = performance.now() + ADDRESS_TIMEOUT_MS;
  while (host.ipv6 && !isLocal(v6.host)) {
    if (performance.now() > deadline) {
      throw new UplinkError(
        `${what}: the address ${v6.host} of the host is not usable after ${
          ADDRESS_TIMEOUT_MS / 1000
        } s`,
      );
    }
    Atomics.wait(pause, 0, 0, 0.2);
  }
}

function isLocal(ip: string): boolean {
  try {
    return rtnetlink((batch) => getRoute(batch, ipBytes(ip))).some(isLocalRoute);
  } catch (error) {
    if (refusedBy(error, ["ENETUNREACH", "EHOSTUNREACH"])) return false;
    throw error;
  }
}
