import { configure, setDown } from "../wiring/addresses.ts";
import { dropInFlight } from "./conditions.ts";
import type { LabCore } from "../model/lab.ts";
import { defaultInterface, type InterfaceRecord } from "../model/records.ts";
import { addressesOf, announceAddresses } from "../wiring/neighbours.ts";

/** Interfaces up and down: as requested, unless a fault holds them down. */

/** Sets an interface down or up; it stays down while a fault holds it down. */
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

/** Holds an interface down for a fault. */
export function holdDown(core: LabCore, iface: InterfaceRecord, fault: object): void {
  iface.heldDown.add(fault);
  try {
    settle(core, iface);
  } catch (error) {
    iface.heldDown.delete(fault);
    throw error;
  }
}

/** Ends the hold of a fault. */
export function releaseDown(core: LabCore, iface: InterfaceRecord, fault: object): void {
  if (iface.heldDown.delete(fault)) settle(core, iface);
}

function settle(core: LabCore, iface: InterfaceRecord): void {
  const up = iface.requestedUp && iface.heldDown.size === 0;
  if (up === iface.up) return;
  if (up) {
    configure(core, iface, defaultInterface(iface.node) === iface);
    // Neighbours that asked in vain meanwhile would ask again only a second later.
    announceAddresses(iface, addressesOf(iface));
  } else {
    setDown(core, iface);
    dropInFlight(iface);
  }
  iface.up = up;
  const kind = up ? "link-up" : "link-down";
  core.bus.emit({ kind, node: iface.node.name, name: iface.name });
}
