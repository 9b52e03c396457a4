import type { NatV6 } from "../nat/config_v6.ts";
import type { LabCore } from "./core.ts";
import type { RouterRecord } from "./model.ts";

/** Loads a router's IPv6 translation in place of the one it has. `fresh` says that it has none. */
export function loadNatV6(_router: RouterRecord, _mode: NatV6, _fresh = false): void {
}

/** Puts another IPv6 translation in place. */
export function setNatV6(_core: LabCore, router: RouterRecord, mode: NatV6): void {
  loadNatV6(router, mode);
  router.natV6 = mode;
}
