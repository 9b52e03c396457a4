import { configure, setDown } from "../wiring/addresses.ts";
import { dropInFlight } from "./conditions.ts";
import type { LabCore } from "../model/lab.ts";
import { defaultInterface, type InterfaceRecord } from "../model/records.ts";
import { addressesOf, announceSelf } from "../wiring/neighbours.ts";

/** Whether interfaces are up: as was asked of them, unless a fault keeps them down. */

/** Takes an interface down or brings it up, as far as no fault keeps it down. */
export function setUp(core: LabCore, iface: InterfaceRecord, up: boolean): void {
  const before = iface.requestedUp;
  iface.requestedUp = up;
  try {
    settle(core, iface);
  } catch (error) {
    iface.requestedUp = before;
    throw error;
  }
}

/** Has a fault keep an interface down. */
export function holdDown(core: LabCore, iface: InterfaceRecord, fault: object): void {
  iface.heldDown.add(fault);
  try {
    settle(core, iface);
  } catch (error) {
    iface.heldDown.delete(fault);
    throw error;
  }
}

/** Has a fault keep it down no more. */
export function letUp(core: LabCore, iface: InterfaceRecord, fault: object): void {
  if (iface.heldDown.delete(fault)) settle(core, iface);
}

function settle(core: LabCore, iface: InterfaceRecord): void {
  const up = iface.requestedUp && iface.heldDown.size === 0;
  if (up === iface.up) return;
  if (up) {
    configure(core, iface, defaultInterface(iface.node) === iface);
    // Who asked for it in vain meanwhile would ask again a second later.
    announceSelf(iface, addressesOf(iface));
  } else {
    setDown(core, iface);
    dropInFlight(iface);
  }
  iface.up = up;
  const kind = up ? "link-up" : "link-down";
  core.bus.emit({ kind, node: iface.node.name, name: iface.name });
}
