/**
 * The events of a lab, the state of the lab after them, and the run directory that keeps both for the
 * devtools and for finding the cause of a failure. Imports `files` and `native`; knows no lab. Begin with
 * `types.ts`; `kinds/` has all that Netyard knows of each kind of event, `states/` the plain data.
 *
 * @module
 */

export { EVENT_VERSION } from "./version.ts";
export type {
  EventBodies,
  EventDirection,
  EventKind,
  EventStamp,
  LabEvent,
  LabEventBody,
} from "./types.ts";
export type {
  BridgeImpairmentsState,
  BridgeImpairmentState,
  BridgePartitionsState,
  BridgeRulesState,
  BridgeState,
  BridgeUplinkState,
  BridgeWayState,
} from "./states/bridge.ts";
export type { DeviceState } from "./states/device.ts";
export type { BrokenFamiliesState, InterfaceState } from "./states/interface.ts";
export type { DnsTable, LabState } from "./states/lab.ts";
export type { RegionLinkLimits, RegionLinkState, RegionState } from "./states/region.ts";
export type { RouterAdvertisementState, RouterState } from "./states/router.ts";
export type { VmMachineState, VmStateName } from "./states/vm.ts";
export { parseEvent, parseState } from "./parse.ts";
export { initialState, reduce, reduceAll } from "./reduce.ts";
export { EventBus, type EventClock, type EventsOptions } from "./bus.ts";
export { type LogStream, RunDirectory } from "./run_directory.ts";
export { readRun, type RunRecord } from "./read_run.ts";
export { runName } from "./run_name.ts";
export { compareRuns, type Parting } from "./compare.ts";
export {
  EventBusError,
  EventConflictError,
  EventFormatError,
  RunDirectoryError,
} from "./errors.ts";
