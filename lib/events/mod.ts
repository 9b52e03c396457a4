/**
 * What happens in a lab: typed events, the state that they amount to, and the directory that
 * keeps both for the devtools and for whoever looks for the cause of a failure.
 *
 * @module
 */

export {
  type BrokenFamiliesState,
  type DeviceState,
  type DnsTable,
  EVENT_VERSION,
  type EventBodies,
  type EventDirection,
  type EventKind,
  type EventStamp,
  type InterfaceState,
  type LabEvent,
  type LabEventBody,
  type LabState,
  type RegionLinkLimits,
  type RegionLinkState,
  type RegionState,
  type RouterAdvertisementState,
  type RouterState,
  type VmMachineState,
  type VmStateName,
} from "./types.ts";
export type {
  BridgeImpairmentsState,
  BridgeImpairmentState,
  BridgePartitionsState,
  BridgeRulesState,
  BridgeState,
  BridgeUplinkState,
  BridgeWayState,
} from "./bridge_types.ts";
export {
  bridgeStateSchema,
  deviceStateSchema,
  interfaceStateSchema,
  labEventSchema,
  labStateSchema,
  parseEvent,
  parseState,
  regionLinkStateSchema,
  regionStateSchema,
  routerStateSchema,
  vmStateSchema,
} from "./schema.ts";
export { initialState, reduce, reduceAll } from "./state.ts";
export { EventBus, type EventClock, type EventsOptions } from "./bus.ts";
export { type LogStream, RunDirectory } from "./writer.ts";
export { readRun, type RunRecord } from "./read_run.ts";
export { runName } from "./run_name.ts";
export {
  EventBusError,
  EventConflictError,
  EventFormatError,
  RunDirectoryError,
} from "./errors.ts";
