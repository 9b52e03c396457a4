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

/** What a host has, as far as uplinks are concerned. */
export interface UplinkHost {
  /** Which families lead out. */
  ipv4: boolean;
  ipv6: boolean;
  /** By the links' names, the settings that have the host forward what comes in by them. */
  settings: ForwardSetting[];
  /** The networks that it has routes to. */
  networks: Cidr[];
}

/** A setting that lets a link's packets be forwarded. */
export interface ForwardSetting {
  family: 4 | 6;
  link: string;
  /** Whether it is off but for uplinks. */
  switched: boolean;
}

const isLink = (name: string) => name !== "lo" && !name.startsWith(UPLINK_PREFIX);
const inSysctl = (link: string) => link.replaceAll(".", "/");
const forwarding4 = (link: string) => `net.ipv4.conf.${inSysctl(link)}.forwarding`;
/** Since Linux 6.17; without it a host forwards IPv6 by all links or by none. */
const forwarding6 = (link: string) => `net.ipv6.conf.${inSysctl(link)}.force_forwarding`;
const tagOf = (link: string) => `net.ipv4.conf.${inSysctl(link)}.tag`;
const isOn = (name: string) => (getSysctl(name) ?? "0") !== "0";
const forwardsAll6 = () => isOn("net.ipv6.conf.all.forwarding");
const canForward6 = () => forwardsAll6() || getSysctl(forwarding6("all")) !== undefined;

/** Looks at the host. Throws if it has no way out that a bridge could share. */
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
  if (!leads[4] && !ipv6) throw noWayOut(what, leads[6]);
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

function noWayOut(what: string, isIpv6: boolean): UplinkError {
  if (isIpv6) {
    return new UplinkError(
      `${what}: the host has a default route for IPv6 alone, and this kernel forwards IPv6 by all ` +
        "links or by none: run `sysctl -w net.ipv6.conf.all.forwarding=1`, with `accept_ra=2` on " +
        "the link where the route comes from a router's advertisements",
    );
  }
  if (processEnvironment().includes(ROOTLESS_MARKER)) {
    return new UplinkError(
      `${what}: this process is an ordinary user's, in a network namespace of its own that leads ` +
        "nowhere: run the script as root, or with a way out: " +
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
 * Has links forward what comes in by them: those that do not yet, in a way that says so; see
 * `uplink_watch.ts`. After the rules that keep strangers out, and with a watcher.
 */
export function switchOn(what: string, settings: readonly ForwardSetting[]): void {
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
        `${what}: ${tagOf(link)} of the host is ${tag}, and uplinks mark links by it: set it to 0`,
      );
    }
    setSysctl(tagOf(link), TAG);
    setSysctl(name, 1);
  }
}

/** The end of the link on the host, for who makes the link from the other end. */
export type HostEnd = Parameters<typeof addVeth>[2];

/** Has `make` make the link, in the first place that nobody has, with the host's end as it is to be. */
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
        // The host numbers its own links.
        make({ name: place.name, index: 0, mac: macBytes(mac), mtu, namespaceFd });
        return place;
      } catch (error) {
        // Another uplink was faster.
        if (!refusedBy(error, ["EEXIST"])) throw error;
      }
    }
  } finally {
    closeFd(namespaceFd);
  }
  throw new UplinkError(
    `${what}: the host has routes to all addresses that uplinks take theirs from, ` +
      "100.127.192.0/18: free some of them",
  );
}

const PATIENCE_MS = 5_000;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Gives the host's end its addresses and has it forward. Afterwards it does its work at once. */
export function settleHostEnd(what: string, place: UplinkPlace, host: UplinkHost): void {
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
  // The kernel takes IPv6 addresses into use a moment later.
  const deadline = performance.now() + PATIENCE_MS;
  while (host.ipv6 && !isLocal(v6.host)) {
    if (performance.now() > deadline) {
      throw new UplinkError(
        `${what}: the host has not taken ${v6.host} into use within ${PATIENCE_MS / 1000} s`,
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
