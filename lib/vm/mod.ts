export type { Accel } from "./machine_spec.ts";
export { type AccelChoice, AccelerationError } from "./acceleration.ts";
export { CacheError } from "./cache.ts";
export type { Clock } from "./clock.ts";
export type { Console } from "./console.ts";
export type { DiskSize } from "./disk_size.ts";
export {
  DiskError,
  GuestAgentError,
  GuestCommandError,
  GuestDeadlineError,
  GuestFileError,
  QmpError,
  VmCommandError,
  VmError,
  VmStateError,
} from "./errors.ts";
export type { GuestWriteOptions } from "./guest_files.ts";
export type { GuestProcess } from "./guest_process.ts";
export type { GuestDirEntry, GuestFileInfo, GuestFileKind } from "./guest_stat.ts";
export { imageProfile, type ImageProfileOptions } from "./image/profile.ts";
export {
  type MemorySize,
  MemorySizeError,
  TooLittleMemoryError,
  TooMuchMemoryError,
} from "./memory.ts";
export type { Profile } from "./profile.ts";
export { ProfileError } from "./profile_error.ts";
export type {
  RunOptions,
  RunResult,
  RunStatus,
  SpawnOptions as GuestSpawnOptions,
} from "./run_types.ts";
export { SnapshotError } from "./saved.ts";
export type { VmState } from "./state.ts";
export { BootFilesError } from "./tiny/errors.ts";
