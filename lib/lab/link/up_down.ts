import { configure, setDown } from "../wiring/addresses.ts";
import { dropInFlight } from "./conditions.ts";
import * as hold from "../model/hold_down.ts";
import type { LabCore } from "../model/lab.ts";
import { defaultInterface, type InterfaceRecord } from "../model/records.ts";
import { readMac } from "../wiring/hardware_address.ts";
import {
  addressesOf,
  announceAddresses,
  removeNeighbours,
  restoreNeighbours,
} from "../wiring/neighbours.ts";

/** Interfaces up and down: as requested, unless a fault holds them down. */

/** Sets an interface down or up; it stays down while a fault holds it down. */
export function setUp(core: LabCore, iface: InterfaceRecord, up: boolean): void {
  hold.requestUp(iface, up, (up) => apply(core, iface, up));
}

/** Holds an interface down for a fault. */
export function holdDown(core: LabCore, iface: InterfaceRecord, fault: object): void {
  hold.holdDown(iface, fault, (up) => apply(core, iface, up));
}

/** Ends the hold of a fault. */
export function releaseDown(core: LabCore, iface: InterfaceRecord, fault: object): void {
  hold.releaseHold(iface, fault, (up) => apply(core, iface, up));
}

/** Takes over a hardware address that a program changed, which peers are then told anew. */
function followMac(iface: InterfaceRecord): void {
  const mac = readMac(iface);
  if (mac === iface.mac) return;
  removeNeighbours(iface, [...addressesOf(iface), iface.linkLocal6]);
  iface.mac = mac;
}

function apply(core: LabCore, iface: InterfaceRecord, up: boolean): void {
  if (up) {
    followMac(iface);
    configure(core, iface, defaultInterface(iface.node) === iface);
    restoreNeighbours(core.unsettled, iface);
    // Neighbours that asked in vain meanwhile would ask again only a second later.
    announceAddresses(iface, addressesOf(iface));
  } else {
    setDown(core, iface);
    dropInFlight(iface);
  }
  iface.up = up;
  core.settleKernel();
  const kind = up ? "link-up" : "link-down";
  core.bus.emit({ kind, node: iface.node.name, name: iface.name });
}
