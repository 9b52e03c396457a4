/**
 * Netyard builds realistic networks out of Linux network namespaces and QEMU virtual machines, from
 * one script, and runs real programs in them. {@link Lab} is where to begin.
 *
 * # Router presets: `addRouter(name, { preset })`
 *
 * | preset      | IPv4 NAT    | IPv6 NAT | firewall         | families   | downstream addresses |
 * | ----------- | ----------- | -------- | ---------------- | ---------- | -------------------- |
 * | `public`    | `none`      | `none`   | `none`           | dual-stack | public               |
 * | `public-v4` | `none`      | `none`   | `none`           | v4-only    | public               |
 * | `home`      | `home`      | `none`   | `block-inbound`  | dual-stack | private              |
 * | `isp-cgnat` | `cgnat`     | `none`   | `none`           | dual-stack | private              |
 * | `isp-v6`    | `none`      | `nat64`  | `block-inbound`  | v6-only    | public               |
 * | `corporate` | `corporate` | `none`   | `corporate`      | dual-stack | private              |
 * | `hotel`     | `corporate` | `none`   | `captive-portal` | v4-only    | private              |
 * | `cloud`     | `cloud-nat` | `none`   | `none`           | dual-stack | private              |
 *
 * # IPv4 NAT presets (RFC 4787): `nat`
 *
 * | preset      | mapping                    | filtering                  | ports     | UDP timeout | hairpinning |
 * | ----------- | -------------------------- | -------------------------- | --------- | ----------- | ----------- |
 * | `home`      | endpoint-independent       | address-and-port-dependent | preserved | 300 s       | no          |
 * | `full-cone` | endpoint-independent       | endpoint-independent       | preserved | 300 s       | yes         |
 * | `cgnat`     | endpoint-independent       | endpoint-independent       | preserved | 300 s       | yes         |
 * | `corporate` | address-and-port-dependent | address-and-port-dependent | random    | 120 s       | no          |
 * | `cloud-nat` | address-and-port-dependent | address-and-port-dependent | random    | 350 s       | no          |
 *
 * {@link NatConfig} builds any other.
 *
 * # Firewall presets, for IPv4 and IPv6: `firewall`
 *
 * | preset           | inbound | outbound TCP | outbound UDP | outbound ICMP | other outbound |
 * | ---------------- | ------- | ------------ | ------------ | ------------- | -------------- |
 * | `none`           | allow   | allow        | allow        | allow         | allow          |
 * | `block-inbound`  | block   | allow        | allow        | allow         | allow          |
 * | `corporate`      | block   | 80, 443      | 53           | allow         | block          |
 * | `captive-portal` | block   | allow        | 53           | allow         | block          |
 *
 * {@link FirewallConfig} builds any other.
 *
 * # Link presets, for each direction: `condition`
 *
 * | preset          | latency | jitter | loss  | rate      |
 * | --------------- | ------- | ------ | ----- | --------- |
 * | `lan`           |         |        |       |           |
 * | `wifi`          | 5 ms    | 2 ms   | 0.1 % |           |
 * | `wifi-bad`      | 40 ms   | 15 ms  | 2 %   | 20 Mbit/s |
 * | `mobile-4g`     | 25 ms   | 8 ms   | 0.5 % |           |
 * | `mobile-3g`     | 100 ms  | 30 ms  | 2 %   | 2 Mbit/s  |
 * | `satellite`     | 40 ms   | 7 ms   | 1 %   |           |
 * | `satellite-geo` | 300 ms  | 20 ms  | 0.5 % | 25 Mbit/s |
 *
 * {@link LinkLimits} builds any other.
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
export { Dns64Error } from "./lib/dns64/errors.ts";
export type { TranslationCounters } from "./lib/translation/mod.ts";
export { TranslationError } from "./lib/translation/errors.ts";
export type { AddressFamily, BrokenFamilies, FamilyBreak } from "./lib/firewall/broken_family.ts";
export type {
  Firewall,
  FirewallConfig,
  FirewallPreset,
  PortPolicy,
} from "./lib/firewall/config.ts";
export { RegionLink, type RegionLinkPresets } from "./lib/link/region_link.ts";
export {
  compareRuns,
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
  Parting,
  RegionLinkLimits,
  RegionLinkState,
  RegionState,
  RouterAdvertisementState,
  RouterState,
  RunRecord,
  VmMachineState,
  VmStateName,
} from "./lib/events/mod.ts";
export { readTelemetry } from "./lib/telemetry/mod.ts";
export type {
  HistogramValue,
  LogRecord,
  LogSeverity,
  MetricKind,
  MetricRecord,
  ReadTelemetryOptions,
  SpanEvent,
  SpanKind,
  SpanRecord,
  TelemetryAttributes,
  TelemetryRecord,
  TelemetryRun,
  TelemetryStamp,
  TelemetryValue,
} from "./lib/telemetry/mod.ts";
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
export { RecordError } from "./lib/record/mod.ts";
export type {
  CaptureLimits,
  RecordLevel,
  RecordOptions,
  RecordSettings,
  Verdict,
} from "./lib/record/mod.ts";
export { HostNotCapableError } from "./lib/host/preflight.ts";
export * from "./lib/vm/mod.ts";
export * from "./lib/lab/mod.ts";
export type { $Type } from "@david/dax";
export type { Finding } from "./lib/host/finding.ts";
