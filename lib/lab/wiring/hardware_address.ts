import { refusedBy } from "../../../native/netlink/refusal.ts";
import { linkState } from "../../../native/netlink/link.ts";
import type { InterfaceRecord } from "../model/records.ts";
import { isGuest } from "./addresses.ts";
import { inside } from "./rtnetlink.ts";

/**
 * Reads the hardware address of an interface: programs in its node may have changed it. Of one in a
 * guest, or whose link is gone, it is the address that the lab gave it.
 */
export function readMac(iface: InterfaceRecord): string {
  if (isGuest(iface.node) || iface.index <= 0) return iface.mac;
  try {
    return linkState((write) => inside(iface.node, write), iface.index).mac || iface.mac;
  } catch (error) {
    if (refusedBy(error, ["ENODEV"])) return iface.mac;
    throw error;
  }
}
