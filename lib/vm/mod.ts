/**
 * QEMU virtual machines: their life cycle, guests, disks, profiles and saved state, without the network
 * that they are attached to. Imports `options`, `files`, `events`, `host`, `node` and `toml`; knows no
 * lab. Begin with `virtual_machine.ts`; `runs.ts` starts and ends QEMU, `lifecycle.ts` has the states. The
 * subfolders say what they are in their first files. This file has the public part.
 *
 * @module
 */

export type { Accel } from "./options/machine_spec.ts";
export { type AccelChoice, AccelerationError } from "./options/acceleration.ts";
export { CacheError } from "../files/errors.ts";
export type { Clock } from "./agent/clock.ts";
export type { Console } from "./qemu/console.ts";
export type { DiskSize } from "./options/disk_size.ts";
export {
  DiskError,
  GuestAgentError,
  GuestCommandError,
  GuestDeadlineError,
  GuestFileError,
  ProfileError,
  QmpError,
  VmCommandError,
  VmError,
  VmStateError,
} from "./options/errors.ts";
export type { GuestWriteOptions } from "./agent/guest_files.ts";
export type { GuestProcess } from "./agent/guest_process.ts";
export type { GuestDirEntry, GuestFileInfo, GuestFileKind } from "./agent/guest_stat.ts";
export { imageProfile, type ImageProfileOptions } from "./image/profile.ts";
export {
  type MemorySize,
  MemorySizeError,
  TooLittleMemoryError,
  TooMuchMemoryError,
} from "./options/memory.ts";
export type { Profile } from "./profile/profile.ts";
export type {
  RunOptions,
  RunResult,
  RunStatus,
  SpawnOptions as GuestSpawnOptions,
} from "./options/run_types.ts";
export { SnapshotError } from "./saved/saved_machine.ts";
export type { VmState } from "./options/state.ts";
export { BootFilesError } from "./tiny/errors.ts";
