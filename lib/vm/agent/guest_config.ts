/** What a guest is to know of the network that it is in. */
export interface GuestConfig {
  hostname: string;
  /** The text of hosts(5). */
  hosts: string;
  /** The text of resolv.conf(5). */
  resolvConf: string;
  nics: GuestNic[];
}

/** One interface of a guest. */
export interface GuestNic {
  /** What it is to be called. */
  name: string;
  /** By what it is found. */
  mac: string;
  mtu: number;
  /** With their prefix lengths: `10.0.1.2/24`. */
  addresses: string[];
  /** Where the default routes go, if they go by this interface; IPv6's is link-local. */
  gateways: string[];
}

/** How a profile's guests are configured. */
export interface GuestTools {
  /** The ip(8) that costs least there, for example `busybox ip`. */
  ip: string;
}

/** A here-document that no line of `text` ends. */
function document(path: string, text: string): string {
  let end = "END";
  while (text.split("\n").includes(end)) end += "_";
  return `cat >${path} <<'${end}'\n${text.endsWith("\n") ? text : `${text}\n`}${end}\n`;
}

/**
 * Finds a link by its address and has it be called so; what is plugged in comes up some time later.
 * A link in another's name moves that one aside. Where udev runs, it names a new link too, and is let
 * finish first.
 */
const FIND = `
find_link() {
  tries=0 settled=
  while :; do
    for dir in /sys/class/net/*; do
      read -r mac <"$dir/address" && [ "$mac" = "$1" ] || continue
      [ "$settled" ] || [ ! -e /run/udev/control ] ||
        { settled=1; udevadm settle --timeout=10; continue 2; }
      link=\${dir##*/}
      [ "$link" = "$2" ] && return
      $ip link set dev "$link" down
      [ ! -e "/sys/class/net/$2" ] || { $ip link set dev "$2" down; $ip link set dev "$2" name "$2.old"; }
      $ip link set dev "$link" name "$2"
      return
    done
    tries=$((tries + 1))
    [ $tries -lt 500 ] || { echo "no link with the address $1 ($2) came up" >&2; exit 1; }
    $pause
  done
}
`;

/**
 * What makes a guest what it is to be, in parts by what they are about: its names, and each of its
 * interfaces. A part that is run again changes nothing where nothing has changed, but for a moment an
 * interface has no addresses; so only those parts are to be run that have changed.
 *
 * @example
 * ```ts
 * import { guestParts } from "./guest_config.ts";
 *
 * const parts = guestParts({ hostname: "nas", hosts: "", resolvConf: "", nics: [] });
 * console.assert(parts.get("names")?.includes("hostname nas"));
 * ```
 */
export function guestParts(
  { hostname, hosts, resolvConf, nics }: GuestConfig,
): Map<string, string> {
  const names =
    `hostname ${hostname} 2>/dev/null || echo ${hostname} >/proc/sys/kernel/hostname\n` +
    document("/etc/hosts", hosts) + document("/etc/resolv.conf", resolvConf);
  return new Map([["names", names], ...nics.map((nic) => [nic.name, nicScript(nic)] as const)]);
}

/**
 * A script for sh(1) of some of these parts.
 *
 * @param moved Links of these hardware addresses get those others first.
 */
export function guestScript(
  parts: Iterable<string>,
  tools: GuestTools,
  moved: ReadonlyMap<string, string> = new Map(),
): string {
  return [
    `ip='${tools.ip}'`,
    "pause='usleep 10000'; command -v usleep >/dev/null || pause='sleep 0.01'",
    FIND,
    "set -e",
    ...moved.size > 0 ? [moveScript(moved)] : [],
    ...parts,
  ].join("\n");
}

function moveScript(moved: ReadonlyMap<string, string>): string {
  return [
    "for dir in /sys/class/net/*; do",
    'read -r mac <"$dir/address" || continue',
    "case $mac in",
    ...[...moved].map(([was, is]) => `${was}) new=${is} ;;`),
    "*) continue ;;",
    "esac",
    '$ip link set dev "${dir##*/}" down',
    '$ip link set dev "${dir##*/}" address $new',
    "done",
  ].join("\n");
}

function nicScript({ name, mac, mtu, addresses, gateways }: GuestNic): string {
  const v6 = (ip: string) => ip.includes(":") ? " -6" : "";
  const conf = `/proc/sys/net/ipv6/conf/${name}`;
  const set = (value: number, file: string) => `echo ${value} >${conf}/${file}`;
  // The lab's addresses are nobody else's, usable at once, and all that there are.
  const own = [set(0, "accept_dad"), set(0, "accept_ra"), set(1, "addr_gen_mode")];
  return [
    `find_link ${mac} ${name}`,
    `[ ! -d ${conf} ] || { ${own.join("; ")}; }`,
    `$ip addr flush dev ${name}`,
    `$ip link set dev ${name} mtu ${mtu} up`,
    ...addresses.map((address) => `$ip${v6(address)} addr replace ${address} dev ${name}`),
    ...gateways.map((via) => `$ip${v6(via)} route replace default via ${via} dev ${name}`),
    "",
  ].join("\n");
}
