import { flushConntrack } from "../../../native/netlink/conntrack.ts";
import { nft, RulesetError, withoutTable } from "../../../native/nftables.ts";
import { setSysctl } from "../../../native/sysctl.ts";
import { type Firewall, resolveFirewall } from "../../firewall/config.ts";
import { FIREWALL_TABLE, firewallRuleset } from "../../firewall/ruleset.ts";
import { type Nat, natSysctls, type ResolvedNat, resolveNat } from "../../nat/config.ts";
import type { NatV6 } from "../../nat/config_v6.ts";
import {
  CLOSED_TABLE,
  closedRuleset,
  formerNatRuleset,
  NAT_TABLE,
  natRuleset,
} from "../../nat/ruleset.ts";
import { prefixRuleset, resolveMasquerade } from "../../nat/ruleset_v6.ts";
import { loadFirst, NAT_VARIANTS } from "../../nat/variants.ts";
import type { RouterRecord } from "../model/records.ts";
import { NAT64_POOL } from "../model/addresses.ts";
import { kernelFeatures } from "../wiring/kernel_features.ts";
import { loadRules } from "../wiring/rules.ts";
import { step } from "../model/steps.ts";

const WITHOUT_NAT = withoutTable("ip", NAT_TABLE);
const WITHOUT_NAT_V6 = withoutTable("ip6", NAT_TABLE);
const WITHOUT_CLOSED = withoutTable("ip", CLOSED_TABLE);
const WITHOUT_CLOSED_V6 = withoutTable("ip6", CLOSED_TABLE);

/** An IPv4 NAT, and the source addresses that it translates if not all. */
interface NeededNat {
  nat: ResolvedNat;
  source?: string;
}

/**
 * Returns the IPv4 NAT that a router needs: its own, which also serves its NAT64. A NAT64 without one
 * gets that of a home router, for translated hosts alone (RFC 6146 requires endpoint-independent mapping
 * and leaves the filtering open).
 */
function neededNat(nat: Nat, natV6: NatV6): NeededNat | undefined {
  const own = resolveNat(nat);
  if (own) return { nat: own };
  return natV6 === "nat64" ? { nat: resolveNat("home")!, source: NAT64_POOL } : undefined;
}

/** Loads the IPv4 NAT of a router, in place of the former one. `fresh` means that there is none. */
export function loadNat(
  router: RouterRecord,
  nat: Nat,
  fresh = false,
  natV6: NatV6 = router.natV6,
): void {
  step("nat");
  const needed = neededNat(nat, natV6);
  const { ip } = router.uplink;
  if (fresh && !needed) return;
  if (ip) {
    router.runtime.namespace.enter(() => {
      if (needed) translate(router, ip, needed, fresh ? "" : WITHOUT_NAT);
      else nft(WITHOUT_NAT + formerNatRuleset());
      setTimeouts(nat, natV6, fresh);
    });
  }
  // The masquerade has the timeouts of the IPv4 NAT.
  if (!fresh && natV6 === "masquerade") loadNatV6(router, "masquerade", nat);
}

/** Conntrack has one set of timeouts for both families. */
function setTimeouts(nat: Nat, natV6: NatV6, fresh: boolean): void {
  const timed = neededNat(nat, natV6)?.nat ??
    (natV6 === "masquerade" ? resolveMasquerade(nat) : undefined);
  for (const [name, value] of Object.entries(natSysctls(timed, fresh))) setSysctl(name, value);
}

/**
 * Loads the IPv6 translation of a router, in place of the former one. `fresh` means that there is none.
 *
 * @param nat The IPv4 NAT of the router, which has the same timeouts.
 */
export function loadNatV6(router: RouterRecord, mode: NatV6, nat: Nat, fresh = false): void {
  step("nat v6");
  router.runtime.namespace.enter(() => {
    const before = fresh ? "" : WITHOUT_NAT_V6;
    if (!translateV6(router, mode, nat, before) && !fresh) nft(before + formerNatRuleset("ip6"));
    setTimeouts(nat, mode, fresh);
  });
}

/** Loads the rules of an IPv6 translation; returns false if it has none. */
function translateV6(router: RouterRecord, mode: NatV6, nat: Nat, before: string): boolean {
  const { uplink, lan, external6 } = router;
  if (mode === "masquerade" && uplink.ip6) {
    translate(router, uplink.ip6, { nat: resolveMasquerade(nat) }, before);
    return true;
  }
  if (mode !== "nptv6" || !lan.v6 || !external6) return false;
  const [internal, external] = [lan.v6.cidr, external6].map(String);
  const place = { uplink: uplink.name, internal, external };
  kernelFeatures.namedCounters = loadFirst(
    [true, false],
    kernelFeatures.namedCounters,
    (namedCounters) => nft(before + prefixRuleset({ ...place, namedCounters })),
    (error) => error instanceof RulesetError,
  );
  return true;
}

function translate(router: RouterRecord, ip: string, needed: NeededNat, before: string): void {
  const { nat, source } = needed;
  const place = { uplink: router.uplink.name, ip, source, seed: router.natSeed };
  kernelFeatures.natVariant = loadFirst(
    NAT_VARIANTS,
    kernelFeatures.natVariant,
    (without) => nft(before + natRuleset(nat, { ...place, ...without })),
    (error) => error instanceof RulesetError,
  );
}

/** Removes all mappings and flows of a router. */
export function flushNat(router: RouterRecord): void {
  const { ip } = router.uplink;
  const nat = neededNat(router.nat, router.natV6);
  const v6 = router.natV6 !== "none";
  router.runtime.namespace.enter(() => {
    // Blocks packets meanwhile: one of an old flow would restore its mapping. The old rules stay until
    // the new ones are loaded: otherwise packets in transit would leave untranslated.
    nft(WITHOUT_CLOSED + closedRuleset());
    if (v6) nft(WITHOUT_CLOSED_V6 + closedRuleset("ip6"));
    try {
      if (ip && nat) translate(router, ip, nat, WITHOUT_NAT);
      if (v6) translateV6(router, router.natV6, router.nat, WITHOUT_NAT_V6);
      flushConntrack();
      if (!ip || !nat) nft(WITHOUT_NAT);
      if (!v6) nft(WITHOUT_NAT_V6);
    } finally {
      nft(WITHOUT_CLOSED + WITHOUT_CLOSED_V6);
    }
  });
}

/** Loads the firewall of a router, in place of the former one. `fresh` means that there is none. */
export function loadFirewall(router: RouterRecord, firewall: Firewall, fresh = false): void {
  step("firewall");
  const rules = (of: Firewall, adopt = false, counting = true) =>
    firewallRuleset(resolveFirewall(of), router.uplink.name, adopt, counting);
  const adopt = !fresh && rules(router.firewall) === undefined;
  const clear = fresh ? "" : withoutTable("inet", FIREWALL_TABLE);
  kernelFeatures.namedCounters = loadFirst(
    [true, false],
    kernelFeatures.namedCounters,
    (counting) => loadRules(router, clear + (rules(firewall, adopt, counting) ?? "")),
    (error) => error instanceof RulesetError,
  );
}
