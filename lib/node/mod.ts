export * from "./errors.ts";
export { NodeCommand } from "./command.ts";
export type { Ended } from "./host.ts";
export { hostsFile, nsswitchConf, resolvConf } from "./names.ts";
export { Node } from "./node.ts";
export type { ProbeOptions } from "./probe_mapping.ts";
export type { Reflector, SocketAddress } from "./reflector.ts";
export { formatSocketAddress, parseSocketAddress } from "./reflector.ts";
export type { NodeTask, SpawnOptions } from "./task.ts";
