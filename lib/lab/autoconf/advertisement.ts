import type { AdvertisedPrefix, RouterAdvertisement } from "../../../native/ndp/codec.ts";
import { ipBytes, ipFromBytes, macBytes } from "../../address/mod.ts";
import type { RouterAdvertisementOptions } from "../options/ipv6_options.ts";

/** The content of router advertisements, as messages and as a configuration of radvd. */

/** AdvValidLifetime and AdvPreferredLifetime of RFC 4861, section 6.2.1: 30 and 7 days. */
const VALID_SECS = 2_592_000;
const PREFERRED_SECS = 604_800;

/** The default hop limit of hosts (RFC 4861, section 6.2.1). */
const HOP_LIMIT = 64;

const ETHERNET_MTU = 1500;

/** The data of an advertisement. */
export interface Advertised {
  settings: Required<RouterAdvertisementOptions>;
  /** The prefix of the LAN; undefined while it has none. */
  cidr: string | undefined;
  /** Former prefixes, of which hosts may still have addresses. */
  withdrawn: readonly string[];
  mac: string;
  mtu: number;
  /** The name server of the lab, of either family. */
  nameserver: string | undefined;
}

/** Returns an advertisement; `last` for the final one (RFC 4861, section 6.2.5). */
export function advertisementOf(about: Advertised, last = false): RouterAdvertisement {
  const { settings, cidr, withdrawn, mac, mtu, nameserver } = about;
  return {
    hopLimit: HOP_LIMIT,
    managed: false,
    other: false,
    // RFC 7084, section 4.1, G-5: a router without a delegated prefix is not a default router.
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

/** RFC 8106, section 5.1: at least three times the interval. */
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

/** Returns the same content as a configuration of radvd (radvd.conf(5)) for a link. */
export function radvdConfig(link: string, about: Advertised): string {
  const { settings: { intervalSecs } } = about;
  const message = advertisementOf(about);
  // radvd accepts 4 s to 1800 s for the maximum, and 3 s to 3/4 of it for the minimum.
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

/** radvd refuses lifetimes other than 0 that are below the interval. */
const defaultLifetime = (secs: number, interval: number) =>
  secs === 0 ? 0 : Math.max(secs, interval);
