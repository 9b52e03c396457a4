import { nft, RulesetError } from "../../native/nftables.ts";
import { setSysctl } from "../../native/sysctl.ts";
import { type Firewall, resolveFirewall } from "../firewall/config.ts";
import { FIREWALL_TABLE, firewallRuleset } from "../firewall/ruleset.ts";
import { type Nat, natSysctls, resolveNat } from "../nat/config.ts";
import { NAT_TABLE, natRuleset } from "../nat/ruleset.ts";
import type { RouterRecord } from "./model.ts";
import { step } from "./steps.ts";

// Whether this kernel can match open sockets; learnt from the first ruleset that asks for it.
let socketMatch = true;

/** Commands that replace a table, whether it is there or not, in one transaction with what follows. */
const without = (family: string, table: string) =>
  `add table ${family} ${table}\ndelete table ${family} ${table}\n`;

/** Loads a router's IPv4 NAT in place of the one it has. `fresh` says that it has none. */
export function loadNat(router: RouterRecord, nat: Nat, fresh = false): void {
  step("nat");
  const resolved = resolveNat(nat);
  const clear = fresh ? "" : without("ip", NAT_TABLE);
  router.runtime.namespace.enter(() => {
    if (!resolved || !router.uplink.ip) {
      if (clear) nft(clear);
      return;
    }
    const ip = router.uplink.ip;
    const ruleset = () =>
      clear + natRuleset(resolved, {
        uplink: router.uplink.name,
        ip,
        seed: router.natSeed,
        socketMatch,
      });
    try {
      nft(ruleset());
    } catch (error) {
      if (!(error instanceof RulesetError) || !socketMatch) throw error;
      socketMatch = false;
      nft(ruleset());
    }
    for (const [name, value] of Object.entries(natSysctls(resolved))) setSysctl(name, value);
  });
}

/** Loads a router's firewall in place of the one it has. `fresh` says that it has none. */
export function loadFirewall(router: RouterRecord, firewall: Firewall, fresh = false): void {
  step("firewall");
  const clear = fresh ? "" : without("inet", FIREWALL_TABLE);
  const rules = firewallRuleset(resolveFirewall(firewall), router.uplink.name) ?? "";
  if (clear + rules) router.runtime.namespace.enter(() => nft(clear + rules));
}
