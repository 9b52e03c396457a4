import type { Host } from "../node/process/host.ts";
import type { Acceleration } from "./options/acceleration.ts";
import type { BootCache } from "./saved/boot_cache.ts";
import type { Guest } from "./agent/guest.ts";
import type { OutputWatcher } from "./agent/guest_context.ts";
import type { GuestArch } from "./options/machine_spec.ts";
import type { Profile } from "./profile/profile.ts";
import type { VmState } from "./options/state.ts";

/** What a machine is built from. */
export interface VirtualMachineOptions {
  host: Host;
  /** The machine's own directory; the host's processes outlive neither it nor the host. */
  directory: string;
  profile: Profile;
  memoryBytes: number;
  cpus: number;
  acceleration: (arch: GuestArch) => Promise<Acceleration>;
  /** Where booted machines are kept; undefined for no cache. */
  cache: BootCache | undefined;
  /** Reports steps that take time. */
  onProgress: (line: string) => void;
  /** Configures a guest that has come up, before any other call can use it. */
  settle: (guest: Guest, how: "booted" | "resumed") => Promise<void>;
  /** Receives each new state, with the reason if no call requested it. */
  onState: (state: VmState, why?: string) => void;
  /** Receives everything that the guest writes to its console. */
  onConsole?: (chunk: Uint8Array) => void;
  /** Makes what sees a stream of output of a command in the guest. */
  watch?: () => OutputWatcher | undefined;
}
