import { noConditions } from "./condition_state.ts";
import type { InterfaceRecord, RouterRecord } from "./records.ts";

/** A router's side of its LAN as an interface, to be looked at. Its LAN must have a link. */
export function gatewayInterface(router: RouterRecord): InterfaceRecord {
  const { lan, mtu } = router;
  return {
    node: router,
    name: "lan",
    // It is another link once there is a bridge.
    get index() {
      return lan.gatewayLink?.index ?? 0;
    },
    mac: lan.mac,
    mtu,
    segment: lan,
    ip: lan.v4?.gateway,
    prefix: lan.v4?.cidr.prefix ?? 0,
    ip6: lan.v6?.gateway,
    prefix6: lan.v6?.cidr.prefix ?? 0,
    linkLocal6: lan.v6 ? lan.linkLocal : undefined,
    autoconf: undefined,
    up: true,
    requestedUp: true,
    heldDown: new Set(),
    conditions: noConditions(),
    broken: {},
    extra: [],
    removed: false,
  };
}
