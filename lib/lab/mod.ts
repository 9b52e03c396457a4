export { ActiveFault } from "./active_fault.ts";
export { Bridge } from "./bridge.ts";
export type { Member, MemberReference } from "./bridge_members.ts";
export type {
  DirectionalBandwidth,
  DirectionalDropRate,
  DirectionalLatency,
  MemberPair,
} from "./bridge_options.ts";
export type {
  BridgeConfig,
  DeviceConfig,
  InterfaceConfig,
  LabConfig,
  RegionConfig,
  RouterConfig,
  VmConfig,
} from "./config.ts";
export { Device } from "./device.ts";
export { Disk } from "./disk.ts";
export type { DiskErrno, DiskFault, DiskOptions } from "./disk_options.ts";
export type { DiskSize } from "../vm/disk_size.ts";
export { DiskError, VmError } from "../vm/errors.ts";
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
export { Nic, type NicCounters } from "./nic.ts";
export type {
  BridgeReference,
  DeviceOptions,
  InterfaceOptions,
  LabOptions,
  RegionReference,
  RouterOptions,
  RouterReference,
} from "./options.ts";
export type { MeasureOptions } from "./measure.ts";
export type {
  DeviceIpv6Options,
  Ipv6Advertiser,
  Ipv6Dad,
  Ipv6Options,
  Ipv6Provisioning,
  RouterAdvertisementOptions,
} from "./ipv6_options.ts";
export type { IpSupport, Pool, RouterPreset } from "./presets.ts";
export { Region } from "./region.ts";
export { Router } from "./router.ts";
export { LabSnapshot } from "./lab_snapshot.ts";
export { Vm } from "./vm.ts";
export type { VmOptions } from "./vm_options.ts";
export { VmSnapshot } from "./vm_snapshot.ts";
export { Schedule, type ScheduleAction, type ScheduleStep, type StepResult } from "./schedule.ts";
