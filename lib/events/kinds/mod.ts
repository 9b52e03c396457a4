/**
 * The kinds of events, one row for each: its schema, what it does to the state of the lab, and what a log
 * says of it. To add a kind, give its fields a type in `EventBodies` (`../types.ts`) and write its
 * row in the file of its subject; the compiler refuses either without the other. Imports the states
 * and helpers of the folder above. Begin with `row.ts`, then read one subject.
 *
 * @module
 */
import { BRIDGE_EVENTS } from "./bridge.ts";
import { DEVICE_EVENTS } from "./device.ts";
import { FAULT_EVENTS } from "./fault.ts";
import { INTERFACE_EVENTS } from "./interface.ts";
import { LAB_EVENTS } from "./lab.ts";
import { PROGRAM_EVENTS } from "./program.ts";
import { REGION_EVENTS } from "./region.ts";
import { ROUTER_EVENTS } from "./router.ts";
import type { EventRows } from "./row.ts";
import { VM_EVENTS } from "./vm.ts";

/** The row of every kind of event. */
export const EVENTS: EventRows = {
  ...LAB_EVENTS,
  ...REGION_EVENTS,
  ...ROUTER_EVENTS,
  ...DEVICE_EVENTS,
  ...VM_EVENTS,
  ...BRIDGE_EVENTS,
  ...INTERFACE_EVENTS,
  ...FAULT_EVENTS,
  ...PROGRAM_EVENTS,
};
