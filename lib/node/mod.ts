export * from "./process/errors.ts";
export { Capture, type CaptureTarget } from "./capture/capture.ts";
export { CaptureError, PacketExpectedError } from "./capture/capture_errors.ts";
export type { CaptureOptions, ExpectOptions } from "./capture/capture_options.ts";
export { openCaptures } from "./capture/open_captures.ts";
export { CapturedPacket, type PacketProtocol } from "./capture/packet.ts";
export { PcapFormatError, PcapReader } from "./capture/pcap.ts";
export { NodeCommand } from "./process/command.ts";
export type { Ended } from "./process/host.ts";
export { hostsFile, nsswitchConf, resolvConf } from "./process/names.ts";
export { Node } from "./node.ts";
export type { ProbeOptions } from "./reflector/probe_mapping.ts";
export type { Reflector } from "./reflector/reflector.ts";
export {
  formatSocketAddress,
  parseSocketAddress,
  type SocketAddress,
} from "./reflector/socket_address.ts";
export type { NodeTask, SpawnOptions } from "./thread/task.ts";
