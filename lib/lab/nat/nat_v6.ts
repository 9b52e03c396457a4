import type { NatV6 } from "../../nat/config_v6.ts";
import type { LabCore } from "../model/lab.ts";
import { loadNatV6 } from "./rulesets.ts";
import { stopNat64, switchNat64 } from "./nat64.ts";
import { externalCidr6, type RouterRecord } from "../model/records.ts";
import { announce, announcedBy, withdraw } from "../routing/announce.ts";
import type { Defer } from "../model/undo.ts";

/** The IPv6 translation of a router: its rules, and the networks that it announces. */

/** Takes the external prefix of NPTv6 for a router, if it has none. It is kept until the router is removed. */
export function takeExternal6(core: LabCore, router: RouterRecord, defer: Defer): void {
  if (router.external6) return;
  router.external6 = core.addresses.takeExternal6(`router "${router.name}"`, defer);
  defer(() => router.external6 = undefined);
}

/** Changes the IPv6 translation. */
export function setNatV6(core: LabCore, router: RouterRecord, mode: NatV6, defer: Defer): void {
  const former = router.natV6;
  if (mode === "nptv6") takeExternal6(core, router, defer);
  const before = announcedBy(router);
  defer(() => loadNatV6(router, former, router.nat));
  loadNatV6(router, mode, router.nat);
  router.natV6 = mode;
  defer(() => router.natV6 = former);
  switchNat64(core, router, defer);
  const after = announcedBy(router);
  const gone = before.filter((cidr) => !after.includes(cidr));
  const fresh = after.filter((cidr) => !before.includes(cidr));
  defer(() => announce(core, router, gone));
  withdraw(core, router, gone);
  defer(() => withdraw(core, router, fresh));
  announce(core, router, fresh);
  if (mode !== "nat64") stopNat64(router);
}

/** Emits the IPv6 translation of a router. */
export function emitNatV6(core: LabCore, router: RouterRecord): void {
  const { name, natV6 } = router;
  const external = externalCidr6(router);
  core.bus.emit({
    kind: "nat-v6-changed",
    router: name,
    natV6,
    ...external === undefined ? {} : { externalCidr6: external },
  });
}
