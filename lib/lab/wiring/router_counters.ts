import { closeFd } from "../../../native/libc.ts";
import { countConntrack } from "../../../native/netlink/conntrack.ts";
import { readNfCounter } from "../../../native/netlink/nf_counter.ts";
import { NETLINK_NETFILTER, openNetlink } from "../../../native/netlink/socket.ts";
import { resolveFirewall } from "../../firewall/config.ts";
import {
  DROP_COUNTER,
  FIREWALL_TABLE,
  type FirewallCounters,
  firewallRuleset,
} from "../../firewall/ruleset.ts";
import { NAT_TABLE, type NatCounters, UNTRANSLATED_COUNTER } from "../../nat/ruleset.ts";
import type { RouterRecord } from "../model/records.ts";

/** What a router counts, since the rules of its NAT and of its firewall were last loaded. */
export interface RouterCounters {
  /** Absent without a NAT. */
  nat?: NatCounters;
  /** Absent without a firewall, and where the kernel has no named counters (nft_objref). */
  firewall?: FirewallCounters;
}

const hasNat = ({ nat, natV6 }: RouterRecord) => nat !== "none" || natV6 !== "none";

const hasFirewall = ({ firewall }: RouterRecord) =>
  firewall !== "none" && firewallRuleset(resolveFirewall(firewall), "") !== undefined;

/** Whether a router has anything that counts. */
export function hasRouterCounters(router: RouterRecord): boolean {
  return hasNat(router) || hasFirewall(router);
}

/** Reads what a router counts. Must run in its namespace. */
export function readRouterCounters(router: RouterRecord): RouterCounters {
  const fd = openNetlink(NETLINK_NETFILTER);
  try {
    const nat = hasNat(router) ? readNat(fd) : undefined;
    const firewall = hasFirewall(router) ? readFirewall(fd) : undefined;
    return { ...nat && { nat }, ...firewall && { firewall } };
  } finally {
    closeFd(fd);
  }
}

function readNat(fd: number): NatCounters | undefined {
  const mappings = orAbsent(() => countConntrack(fd));
  if (mappings === undefined) return undefined;
  const counters = (["ip", "ip6"] as const).map((family) =>
    orAbsent(() => readNfCounter(fd, family, NAT_TABLE, UNTRANSLATED_COUNTER))
  );
  const sum = (key: "packets" | "bytes") => counters.reduce((n, one) => n + (one?.[key] ?? 0), 0);
  return { mappings, untranslatedPackets: sum("packets"), untranslatedBytes: sum("bytes") };
}

function readFirewall(fd: number): FirewallCounters | undefined {
  const read = orAbsent(() => readNfCounter(fd, "inet", FIREWALL_TABLE, DROP_COUNTER));
  return read && { droppedPackets: read.packets, droppedBytes: read.bytes };
}

/** A counter that the kernel does not have, or that a program in the node has removed, is absent. */
function orAbsent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
