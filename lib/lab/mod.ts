/**
 * Labs: the handles that a user holds (`Lab`, `Router`, `Device`, `Interface`, `Region`, `Bridge`,
 * `Vm` and others), each a name for a record in one model of the topology. Below them one folder a
 * subject, in the order of `lib/README.md`: `model` has the records, `wiring` the kernel's side,
 * `build` adds and removes nodes. Begin with `lab.ts`, then `model/records.ts` and `core.ts`.
 *
 * @module
 */
export { ActiveFault } from "./fault/active.ts";
export { Bridge } from "./bridge.ts";
export type { Member, MemberReference } from "./options/bridge_options.ts";
export type {
  DirectionalBandwidth,
  DirectionalDropRate,
  DirectionalLatency,
  MemberPair,
} from "./options/bridge_options.ts";
export type {
  BridgeConfig,
  DeviceConfig,
  InterfaceConfig,
  LabConfig,
  RegionConfig,
  RouterConfig,
  VmConfig,
} from "./config/types.ts";
export { Device } from "./device.ts";
export { Disk } from "./disk.ts";
export type { DiskErrno, DiskFault, DiskOptions } from "./guest/disk_options.ts";
export type { DiskSize } from "../vm/options/disk_size.ts";
export { DiskError, VmError } from "../vm/options/errors.ts";
export { UplinkError } from "../bridge/errors.ts";
export { PrefixDelegationError } from "../dhcp6/errors.ts";
export * from "./options/errors.ts";
export type { PrefixDelegation, PrefixOffer, PrefixRequest } from "./options/delegation_options.ts";
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
} from "./fault/types.ts";
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
} from "./options/options.ts";
export type { MeasureOptions } from "../link/measure.ts";
export type {
  DeviceIpv6Options,
  Ipv6Advertiser,
  Ipv6Dad,
  Ipv6Options,
  Ipv6Provisioning,
  RouterAdvertisementOptions,
} from "./options/ipv6_options.ts";
export type { IpSupport, Pool, RouterPreset } from "./options/router_presets.ts";
export { Region } from "./region.ts";
export { Router } from "./router.ts";
export type { RouterCounters } from "./wiring/router_counters.ts";
export type { FirewallCounters } from "../firewall/ruleset.ts";
export type { NatCounters } from "../nat/ruleset.ts";
export { LabSnapshot } from "./guest/lab_snapshot.ts";
export { Vm } from "./vm.ts";
export type { VmOptions } from "./options/vm_options.ts";
export { VmSnapshot } from "./guest/snapshot.ts";
export {
  Schedule,
  type ScheduleAction,
  type ScheduleStep,
  type StepResult,
} from "./fault/schedule.ts";
