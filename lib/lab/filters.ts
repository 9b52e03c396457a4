import { flushConntrack } from "../../native/conntrack.ts";
import { nft, RulesetError } from "../../native/nftables.ts";
import { setSysctl } from "../../native/sysctl.ts";
import { type Firewall, resolveFirewall } from "../firewall/config.ts";
import { FIREWALL_TABLE, firewallRuleset } from "../firewall/ruleset.ts";
import { type Nat, natSysctls, type ResolvedNat, resolveNat } from "../nat/config.ts";
import {
  CLOSED_TABLE,
  closedRuleset,
  formerNatRuleset,
  NAT_TABLE,
  natRuleset,
} from "../nat/ruleset.ts";
import { loadFirst, NAT_VARIANTS } from "../nat/variants.ts";
import type { RouterRecord } from "./model.ts";
import { step } from "./steps.ts";

// The first of NAT_VARIANTS that this kernel can do, as far as rulesets asked for it.
let variant = 0;

/** Commands that remove a table, whether it is there or not, in one transaction with what follows. */
const without = (family: string, table: string) =>
  `add table ${family} ${table}\ndelete table ${family} ${table}\n`;

const WITHOUT_NAT = without("ip", NAT_TABLE);
const WITHOUT_CLOSED = without("ip", CLOSED_TABLE);

/** Loads a router's IPv4 NAT in place of the one it has. `fresh` says that it has none. */
export function loadNat(router: RouterRecord, nat: Nat, fresh = false): void {
  step("nat");
  const resolved = resolveNat(nat);
  const { ip } = router.uplink;
  if (!ip || (fresh && !resolved)) return;
  router.runtime.namespace.enter(() => {
    if (resolved) translate(router, ip, resolved, fresh ? "" : WITHOUT_NAT);
    else nft(WITHOUT_NAT + formerNatRuleset());
    for (const [name, value] of Object.entries(natSysctls(resolved, fresh))) {
      setSysctl(name, value);
    }
  });
}

function translate(router: RouterRecord, ip: string, nat: ResolvedNat, before: string): void {
  const place = { uplink: router.uplink.name, ip, seed: router.natSeed };
  variant = loadFirst(
    NAT_VARIANTS,
    variant,
    (without) => nft(before + natRuleset(nat, { ...place, ...without })),
    (error) => error instanceof RulesetError,
  );
}

/** Makes a router forget every mapping and every flow. */
export function flushNat(router: RouterRecord): void {
  const { ip } = router.uplink;
  const nat = resolveNat(router.nat);
  router.runtime.namespace.enter(() => {
    // Closed meanwhile: a packet of an old flow would bring its mapping back. The old rules stay
    // until the new ones are there: what is on its way through would leave untranslated.
    nft(WITHOUT_CLOSED + closedRuleset());
    try {
      if (ip && nat) translate(router, ip, nat, WITHOUT_NAT);
      flushConntrack();
      if (!ip || !nat) nft(WITHOUT_NAT);
    } finally {
      nft(WITHOUT_CLOSED);
    }
  });
}

/** Loads a router's firewall in place of the one it has. `fresh` says that it has none. */
export function loadFirewall(router: RouterRecord, firewall: Firewall, fresh = false): void {
  step("firewall");
  const rules = (of: Firewall, adopt = false) =>
    firewallRuleset(resolveFirewall(of), router.uplink.name, adopt);
  const adopt = !fresh && rules(router.firewall) === undefined;
  const clear = fresh ? "" : without("inet", FIREWALL_TABLE);
  const commands = clear + (rules(firewall, adopt) ?? "");
  if (commands) router.runtime.namespace.enter(() => nft(commands));
}
