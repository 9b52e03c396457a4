import type { Host } from "../node/process/host.ts";
import type { Acceleration } from "./options/acceleration.ts";
import type { BootCache } from "./saved/boot_cache.ts";
import type { Guest } from "./agent/guest.ts";
import type { GuestArch } from "./options/machine_spec.ts";
import type { Profile } from "./profile/profile.ts";
import type { VmState } from "./options/state.ts";

/** What a machine is made of. */
export interface VirtualMachineOptions {
  host: Host;
  /** Exists as long as the host's processes. */
  directory: string;
  profile: Profile;
  memoryBytes: number;
  cpus: number;
  acceleration: (arch: GuestArch) => Promise<Acceleration>;
  /** Where machines that have booted are kept; undefined for nowhere. */
  cache: BootCache | undefined;
  /** Tells of what takes its time. */
  onProgress: (line: string) => void;
  /** Makes a guest that has come up what it is to be, before anybody else may use it. */
  settle: (guest: Guest, how: "booted" | "resumed") => Promise<void>;
  /** Told of each new state, and why, if it was not asked for. */
  onState: (state: VmState, why?: string) => void;
  /** Given all that the guest writes to its console. */
  onConsole?: (chunk: Uint8Array) => void;
}
