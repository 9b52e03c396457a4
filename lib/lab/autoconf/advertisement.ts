import type { AdvertisedPrefix, RouterAdvertisement } from "../../../native/ndp/codec.ts";
import { ipBytes, ipFromBytes, macBytes } from "../../address/mod.ts";
import type { RouterAdvertisementOptions } from "../options/ipv6_options.ts";

/** What a router says in its advertisements, as messages and for radvd. */

/** AdvValidLifetime and AdvPreferredLifetime of RFC 4861, section 6.2.1: 30 and 7 days. */
const VALID_SECS = 2_592_000;
const PREFERRED_SECS = 604_800;

/** What hosts have for a hop limit unless they are told (RFC 4861, section 6.2.1). */
const HOP_LIMIT = 64;

const ETHERNET_MTU = 1500;

/** What an advertisement follows from. */
export interface Advertised {
  settings: Required<RouterAdvertisementOptions>;
  /** The prefix of the LAN; undefined while it has none, and nowhere to send what is for others. */
  cidr: string | undefined;
  /** The prefixes that it had, of which hosts may have addresses still. */
  withdrawn: readonly string[];
  mac: string;
  mtu: number;
  /** The name server of the lab, of any family. */
  nameserver: string | undefined;
}

/** What a router says; `last` is for when it advertises no more (RFC 4861, section 6.2.5). */
export function advertisementOf(about: Advertised, last = false): RouterAdvertisement {
  const { settings, cidr, withdrawn, mac, mtu, nameserver } = about;
  return {
    hopLimit: HOP_LIMIT,
    managed: false,
    other: false,
    // RFC 7084, section 4.1, G-5: a router without a delegated prefix is no default router.
    lifetimeSecs: last || cidr === undefined ? 0 : settings.lifetimeSecs,
    mac: macBytes(mac),
    ...mtu !== ETHERNET_MTU && { mtu },
    prefixes: [
      ...cidr === undefined ? [] : [prefixOf(cidr, VALID_SECS, PREFERRED_SECS)],
      // RFC 7084, section 4.3, L-13; the kernel keeps them for two hours more (RFC 4862, 5.5.3, e).
      ...withdrawn.map((former) => prefixOf(former, 0, 0)),
    ],
    ...nameserver?.includes(":") && {
      nameservers: {
        addresses: [ipBytes(nameserver)],
        lifetimeSecs: nameserverSecs(settings),
      },
    },
  };
}

/** RFC 8106, section 5.1: three times the interval at least. */
const nameserverSecs = ({ intervalSecs }: { intervalSecs: number }) => 3 * intervalSecs;

function prefixOf(cidr: string, validSecs: number, preferredSecs: number): AdvertisedPrefix {
  const [ip, length] = cidr.split("/");
  return {
    prefix: ipBytes(ip),
    length: Number(length),
    onLink: true,
    autonomous: true,
    validSecs,
    preferredSecs,
  };
}

/** The same as a configuration of radvd (radvd.conf(5)), for a link of this name. */
export function radvdConfig(link: string, about: Advertised): string {
  const { settings: { intervalSecs } } = about;
  const message = advertisementOf(about);
  // radvd takes 4 s to 1800 s for the one, and 3 s to 3/4 of it for the other.
  const most = Math.max(4, intervalSecs);
  const options = [
    "AdvSendAdvert on;",
    `MaxRtrAdvInterval ${most};`,
    `MinRtrAdvInterval ${Math.max(3, Math.floor(0.75 * most))};`,
    `AdvDefaultLifetime ${defaultLifetime(message.lifetimeSecs, most)};`,
    `AdvCurHopLimit ${message.hopLimit};`,
    ...message.mtu === undefined ? [] : [`AdvLinkMTU ${message.mtu};`],
    ...message.prefixes.flatMap(({ prefix, length, validSecs, preferredSecs }) => [
      `prefix ${ipFromBytes(prefix)}/${length} {`,
      "  AdvOnLink on;",
      "  AdvAutonomous on;",
      `  AdvValidLifetime ${validSecs};`,
      `  AdvPreferredLifetime ${preferredSecs};`,
      "};",
    ]),
    ...message.nameservers
      ? [
        `RDNSS ${message.nameservers.addresses.map(ipFromBytes).join(" ")} {`,
        `  AdvRDNSSLifetime ${nameserverSecs({ intervalSecs: most })};`,
        "};",
      ]
      : [],
  ];
  return [`interface ${link} {`, ...options.map((line) => `  ${line}`), "};", ""].join("\n");
}

/** radvd refuses a lifetime that is less than the interval, other than 0. */
const defaultLifetime = (secs: number, interval: number) =>
  secs === 0 ? 0 : Math.max(secs, interval);
