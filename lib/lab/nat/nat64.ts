import { deleteAddress } from "../../../native/netlink/address.ts";
import { deleteRoute, replaceRoute } from "../../../native/netlink/route.ts";
import { ipBytes, parseCidr } from "../../address/mod.ts";
import defer * as dns64 from "../../dns64/mod.ts";
import { NAT64_PREFIX } from "../../siit/embed.ts";
import { TUN_INDEX } from "../../translation/mod.ts";
import { configure } from "../wiring/addresses.ts";
import type { LabCore } from "../model/lab.ts";
import { requestOf } from "../options/delegation_options.ts";
import { explained } from "../options/named_errors.ts";
import { loadNat } from "./rulesets.ts";
import { inside } from "../wiring/rtnetlink.ts";
import { removeIfPresent } from "../../../native/netlink/refusal.ts";
import type { InterfaceRecord, RouterRecord } from "../model/records.ts";
import { linkName } from "../options/names.ts";
import { addMemberNeighbours, fullPrefix, removeNeighbours } from "../wiring/neighbours.ts";
import { NAT64_POOL } from "../model/addresses.ts";
import { step } from "../model/steps.ts";
import type { Defer } from "../model/undo.ts";

/** The NAT64 of a router: a translator on a TUN, to which the kernel routes both families. */

/** The first address of the pool: that of the translator itself. */
const OWN_ADDRESS = parseCidr(NAT64_POOL).host(1);

/** The largest packet that the kernel can hand over: the links on both sides have their own MTUs. */
const TUN_MTU = 65_535;

/** Starts the NAT64 of a router, whose IPv4 NAT must know the pool already. Undone on failure. */
export function startNat64(core: LabCore, router: RouterRecord, defer: Defer): void {
  step("nat64");
  const { links, name, runtime } = router;
  const link = linkName("nat64", (taken) => links.has(taken));
  const place = { namespace: runtime.namespace, name: link, mtu: TUN_MTU, label: name };
  const translation = core.translators.add(place, {
    kind: "nat64",
    pool: NAT64_POOL,
    prefix: NAT64_PREFIX,
    address4: OWN_ADDRESS,
    address6: errorsFrom(router),
  });
  defer(() => stopNat64(router));
  links.add(link);
  router.nat64 = { translation, link, dns: undefined };
  inside(router, (batch) => {
    for (const cidr of [NAT64_PREFIX, NAT64_POOL]) {
      const { network, prefix } = parseCidr(cidr);
      replaceRoute(batch, { destination: ipBytes(network), prefix, index: TUN_INDEX });
    }
  });
  if (router.dns64) router.nat64.dns = startDns64(core, router);
}

/**
 * Returns the source address of its ICMPv6 errors. Routers do not forward link-local sources, and the
 * address of a LAN with a delegated prefix changes, or does not exist yet.
 */
function errorsFrom({ lan, uplink, delegation }: RouterRecord): string {
  const own = requestOf(delegation) ? undefined : lan.v6?.gateway;
  return own ?? uplink.ip6 ?? lan.linkLocal;
}

function startDns64(core: LabCore, { runtime, lan }: RouterRecord): dns64.Dns64Server {
  return new dns64.Dns64Server(runtime, {
    names: () => core.hosts,
    nameserver: () => core.nameserver,
    serves: (ip) => {
      const plain = ip.replace(/%.*/, "");
      const behind = [...lan.v6 ? [lan.v6.cidr] : [], ...[...lan.routes.keys()].map(parseCidr)];
      return plain === "::1" || behind.some((cidr) => cidr.contains(plain));
    },
    prefix: NAT64_PREFIX,
  });
}

/** Starts the NAT64 of a router if its new `natV6` needs it, or removes the pool from its IPv4 NAT. */
export function switchNat64(core: LabCore, router: RouterRecord, defer: Defer): void {
  if (router.natV6 === "nat64") {
    if (router.nat64) return;
    giveUplinkV4(core, router, defer);
    defer(() => loadNat(router, router.nat, false, "none"));
    loadNat(router, router.nat);
    startNat64(core, router, defer);
  } else if (router.nat64) {
    // Stopped last: a restarted translator would have lost its mappings.
    defer(() => loadNat(router, router.nat, false, "nat64"));
    loadNat(router, router.nat);
  }
}

/** Stops the translator, and removes its routes; the uplink of the router keeps its IPv4 address. */
export function stopNat64(router: RouterRecord): void {
  const { nat64, links } = router;
  if (!nat64) return;
  router.nat64 = undefined;
  links.delete(nat64.link);
  if (nat64.dns) closeDns64(router, nat64.dns);
  nat64.translation.remove();
}

function closeDns64(router: RouterRecord, dns: dns64.Dns64Server): void {
  const closing = dns.close().finally(() => {
    if (router.dnsClosing === closing) router.dnsClosing = undefined;
  });
  router.dnsClosing = closing;
  router.runtime.track(closing);
}

/** Gives the uplink of a v6-only router an IPv4 address, if it has none. The uplink keeps it. */
export function giveUplinkV4(core: LabCore, router: RouterRecord, defer: Defer): void {
  const { uplink } = router;
  if (uplink.ip !== undefined) return;
  const hosts = uplink.segment.v4?.hosts;
  const ip = explained(`${router.name}: IPv4 address of its uplink`, () => hosts?.take());
  if (ip === undefined) return;
  defer(() => hosts!.untake(ip));
  uplink.ip = ip;
  defer(() => {
    uplink.ip = undefined;
    setSegmentV4(uplink, ip, false);
  });
  setSegmentV4(uplink, ip, true);
  if (uplink.up) configure(core, uplink, true);
  core.renamed(uplink);
}

/** Adds the IPv4 address of an uplink to the segment above, or removes it. */
function setSegmentV4(uplink: InterfaceRecord, ip: string, is: boolean): void {
  const { node, segment, index } = uplink;
  const port = segment.kind === "exchange" ? segment.members.get(uplink) : segment.gatewayLink;
  const bytes = ipBytes(ip);
  const to = { destination: bytes, prefix: fullPrefix(ip), index: port?.index ?? 0 };
  if (!is) {
    removeIfPresent(() =>
      inside(node, (batch) => deleteAddress(batch, index, bytes, uplink.prefix))
    );
    removeNeighbours(uplink, [ip]);
    if (port && segment.kind === "exchange") {
      removeIfPresent(() => inside(segment.owner, (batch) => deleteRoute(batch, to)));
    }
    return;
  }
  if (!port) return;
  inside(segment.owner, (batch) => {
    addMemberNeighbours(batch, port.index, uplink);
    if (segment.kind === "exchange") replaceRoute(batch, to);
  });
}
