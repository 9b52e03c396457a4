/** What the tests of router advertisements share. */
import {
  type CapturedPacket,
  type Device,
  type Ipv6Advertiser,
  Lab,
  type LabOptions,
} from "@netyard/netyard";
import { parseCidr } from "../../../lib/address/mod.ts";
import { waitUntil } from "@netyard/netyard/testing";
import { type NdpMessage, readNdp } from "../../../native/ndp/codec.ts";
import { ip } from "../kit.ts";

/** A lab in which devices listen to routers. */
export function listeningLab(advertiser: Ipv6Advertiser = "builtin", options: LabOptions = {}) {
  return Lab.create({ seed: 7, ...options, ipv6: { provisioning: "ra", advertiser } });
}

/** The default routes of IPv6 in a device: which way, by which link, and how good. */
export function defaults(device: Device): { gateway: string; dev: string; metric: number }[] {
  return ip(device, "-6 route show default")
    .map(({ gateway, dev, metric }) => ({ gateway, dev, metric }))
    .sort((a, b) => a.metric - b.metric);
}

/** Waits until a device has default routes by these links and no others, the best first. */
export async function waitForDefaults(device: Device, ...links: string[]): Promise<void> {
  await waitUntil(() => defaults(device).map(({ dev }) => dev).join() === links.join(), {
    what: `${device.name} to have default routes by ${links.join() || "nothing"}`,
  });
}

/** The addresses of IPv6 on a link of a device that reach beyond it, as ip(8) has them. */
export function globals(
  device: Device,
  link = "eth0",
): { local: string; temporary?: boolean; deprecated?: boolean }[] {
  return ip(device, `-6 addr show dev ${link} scope global`).flatMap(({ addr_info }) =>
    // Of what does not match, ip(8) leaves empty objects.
    (addr_info ?? []).filter(({ local }: { local?: string }) => local !== undefined)
  );
}

/** Whether an address is one of a network. */
export const isIn = (address: string | undefined, cidr: string | undefined): boolean =>
  address !== undefined && cidr !== undefined && parseCidr(cidr).contains(address);

/** What a packet says of Neighbor Discovery, if it is a solicitation of routers or an advertisement. */
export function ndpOf(packet: CapturedPacket): NdpMessage | undefined {
  return packet.protocol === "icmp6" && packet.payload ? readNdp(packet.payload) : undefined;
}

/** The hop limit of a packet on Ethernet. */
export const hopLimitOf = (packet: CapturedPacket): number => packet.bytes[14 + 7];
