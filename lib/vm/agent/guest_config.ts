/** The network configuration of a guest. */
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
  /** Its name in the guest. */
  name: string;
  /** The hardware address by which it is found. */
  mac: string;
  mtu: number;
  /** With their prefix lengths: `10.0.1.2/24`. */
  addresses: string[];
  /** The gateways of the default routes over this interface, if any; IPv6's is link-local. */
  gateways: string[];
}

/** The programs with which a profile's guests are configured. */
export interface GuestTools {
  /** The cheapest ip(8) there, for example `busybox ip`. */
  ip: string;
}

/** Writes a here-document whose end marker is not a line of `text`. */
function document(path: string, text: string): string {
  let end = "END";
  while (text.split("\n").includes(end)) end += "_";
  return `cat >${path} <<'${end}'\n${text.endsWith("\n") ? text : `${text}\n`}${end}\n`;
}

/**
 * Waits for a link with a hardware address, since a plugged NIC comes up some time later, and renames
 * it. Another link that has the name is renamed first. If udev runs, it names a new link too, so the
 * script waits for it first.
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
 * Returns the scripts that configure a guest, by subject: its names, and each of its interfaces. Each is
 * idempotent, but an interface has no addresses for a moment; so run only the parts that have changed.
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
 * Returns a script for sh(1) that runs some of these parts.
 *
 * @param moved New hardware addresses by the old ones, which links get first.
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
  // The lab's addresses are unique, so they need no DAD; and there are no others, so no SLAAC.
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
