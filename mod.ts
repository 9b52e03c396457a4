/**
 * Netyard builds realistic networks out of Linux network namespaces, from one
 * script, and runs real programs in them.
 *
 * @module
 */
export { NetyardError } from "./native/error.ts";
export { MissingPermissionError, SyscallError } from "./native/libc.ts";
export { Namespace, NamespaceClosedError } from "./native/namespace.ts";
export { RulesetError } from "./native/nftables.ts";
export { RootlessError } from "./native/userns.ts";
export {
  AddressInUseError,
  AddressNotInUseError,
  AddressOutsideError,
  InvalidAddressError,
  InvalidCidrError,
  PoolExhaustedError,
} from "./lib/address/mod.ts";
export type { Duration } from "./lib/options/duration.ts";
export { InvalidOptionError } from "./lib/options/parse_options.ts";
export type {
  EndpointDependence,
  Nat,
  NatConfig,
  NatPreset,
  NatTimeouts,
} from "./lib/nat/config.ts";
export type {
  DirectionMeasurement,
  ImpairmentCounters,
  LinkCondition,
  LinkDirection,
  LinkDirections,
  LinkEngineKind,
  LinkLimits,
  LinkMeasurement,
  LinkPreset,
} from "./lib/link/mod.ts";
export { LinkEngineError } from "./lib/link/errors.ts";
export type { LinkEngineChoice } from "./lib/host/link_engine.ts";
export { EmulatorError } from "./lib/emulator/errors.ts";
export type {
  Firewall,
  FirewallConfig,
  FirewallPreset,
  PortPolicy,
} from "./lib/firewall/config.ts";
export { RegionLink, type RegionLinkPresets } from "./lib/link/region_link.ts";
export {
  EVENT_VERSION,
  EventBus,
  EventBusError,
  EventConflictError,
  EventFormatError,
  initialState,
  parseEvent,
  parseState,
  readRun,
  reduce,
  reduceAll,
  RunDirectory,
  RunDirectoryError,
} from "./lib/events/mod.ts";
export type {
  BridgeImpairmentsState,
  BridgeImpairmentState,
  BridgePartitionsState,
  BridgeRulesState,
  BridgeState,
  BridgeWayState,
  DeviceState,
  DnsTable,
  EventBodies,
  EventClock,
  EventDirection,
  EventKind,
  EventsOptions,
  EventStamp,
  InterfaceState,
  LabEvent,
  LabEventBody,
  LabState,
  LogStream,
  RegionLinkLimits,
  RegionLinkState,
  RegionState,
  RouterState,
  RunRecord,
  VmMachineState,
  VmStateName,
} from "./lib/events/mod.ts";
export {
  Capture,
  CapturedPacket,
  CaptureError,
  CommandError,
  DeadlineError,
  formatSocketAddress,
  Node,
  NodeCommand,
  NodeRemovedError,
  PacketExpectedError,
  parseSocketAddress,
  PcapFormatError,
  PcapReader,
  RemoteFunctionError,
  SandboxError,
} from "./lib/node/mod.ts";
export type {
  CaptureOptions,
  ExpectOptions,
  NodeTask,
  PacketProtocol,
  ProbeOptions,
  Reflector,
  SocketAddress,
  SpawnOptions,
} from "./lib/node/mod.ts";
export { HostNotCapableError } from "./lib/host/preflight.ts";
export * from "./lib/lab/mod.ts";
export {
  GuestAgentError,
  GuestCommandError,
  GuestDeadlineError,
  GuestFileError,
  QmpError,
  VmError,
  VmStateError,
} from "./lib/vm/errors.ts";
export { AccelerationError } from "./lib/vm/acceleration.ts";
export type { AccelChoice } from "./lib/vm/acceleration.ts";
export { CacheError } from "./lib/vm/cache.ts";
export type { Clock } from "./lib/vm/clock.ts";
export type { Console } from "./lib/vm/console.ts";
export type { GuestWriteOptions } from "./lib/vm/guest_files.ts";
export type { GuestProcess } from "./lib/vm/guest_process.ts";
export type { GuestDirEntry, GuestFileInfo, GuestFileKind } from "./lib/vm/guest_stat.ts";
export type { Accel, DriveFault, DriveSpec, GuestArch, ShareSpec } from "./lib/vm/machine_spec.ts";
export {
  type MemorySize,
  MemorySizeError,
  TooLittleMemoryError,
  TooMuchMemoryError,
} from "./lib/vm/memory.ts";
export type { BootSource, Profile, ProfileSite } from "./lib/vm/profile.ts";
export { ProfileError } from "./lib/vm/profiles.ts";
export type {
  RunOptions,
  RunResult,
  RunStatus,
  SpawnOptions as GuestSpawnOptions,
} from "./lib/vm/run_types.ts";
export { SnapshotError } from "./lib/vm/saved.ts";
export type { VmState } from "./lib/vm/state.ts";
export { BootFilesError } from "./lib/vm/tiny/errors.ts";
export type { $Type } from "@david/dax";
export type { Finding } from "./lib/host/finding.ts";
