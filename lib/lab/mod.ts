export { ActiveFault } from "./active_fault.ts";
export { Device } from "./device.ts";
export * from "./errors.ts";
export type {
  DegradeDownlinkFault,
  DegradeFault,
  DegradeRegionsFault,
  Fault,
  FlapFault,
  LinkDownFault,
  NodeReference,
  OnInterface,
  PartitionFault,
} from "./fault.ts";
export { Interface, type InterfaceCounters } from "./interface.ts";
export { Ix } from "./ix.ts";
export { Lab } from "./lab.ts";
export type {
  DeviceOptions,
  InterfaceOptions,
  LabOptions,
  RegionReference,
  RouterOptions,
  RouterReference,
} from "./options.ts";
export type { MeasureOptions } from "./measure.ts";
export type { IpSupport, Pool, RouterPreset } from "./presets.ts";
export { Region } from "./region.ts";
export { Router } from "./router.ts";
export { Schedule, type ScheduleAction, type ScheduleStep, type StepResult } from "./schedule.ts";
