import type { Host } from "../node/host.ts";
import type { Acceleration } from "./acceleration.ts";
import type { BootCache } from "./boot_cache.ts";
import type { Guest } from "./guest.ts";
import type { GuestArch } from "./machine_spec.ts";
import type { Profile } from "./profile.ts";
import type { VmState } from "./state.ts";

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
