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
export { RootlessError } from "./native/process/userns.ts";
export {
  AddressInUseError,
  AddressNotInUseError,
  AddressOutsideError,
  InvalidAddressError,
  InvalidCidrError,
  PoolExhaustedError,
} from "./lib/address/mod.ts";
export type { Duration } from "./lib/options/duration.ts";
export { TomlError, type TomlFault } from "./lib/toml/errors.ts";
export { InvalidOptionError } from "./lib/options/parse_options.ts";
export type {
  EndpointDependence,
  Nat,
  NatConfig,
  NatPreset,
  NatTimeouts,
} from "./lib/nat/config.ts";
export type { NatV6 } from "./lib/nat/config_v6.ts";
export {
  embedV4InNat64,
  extractV4FromNat64,
  NAT64_PREFIX,
  Nat64PrefixError,
} from "./lib/siit/embed.ts";
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
export type { LinkEngineChoice } from "./lib/link/engine.ts";
export { EmulatorError } from "./lib/emulator/errors.ts";
export { Dns64Error } from "./lib/dns64/mod.ts";
export { type TranslationCounters, TranslationError } from "./lib/translation/mod.ts";
export type { AddressFamily, BrokenFamilies, FamilyBreak } from "./lib/firewall/broken_family.ts";
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
  BridgeUplinkState,
  BridgeWayState,
  BrokenFamiliesState,
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
  RouterAdvertisementState,
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
export * from "./lib/vm/mod.ts";
export * from "./lib/lab/mod.ts";
export type { $Type } from "@david/dax";
export type { Finding } from "./lib/host/finding.ts";
