import type { GuestAgent } from "./agent.ts";

/** Sees one stream of a command's output. */
export interface OutputWatcher {
  /** Sees a chunk, in order. */
  push(chunk: Uint8Array): void;
  /** Called after the last chunk. */
  end(): void;
}

/** What every call into a guest needs. */
export interface GuestContext {
  agent: GuestAgent;
  /** The name of the VM, with which each message begins. */
  label: string;
  /** The factor for default deadlines, which were chosen for KVM; at least 1. */
  timeoutFactor: number;
  /** Makes what sees the output of a command of the user. */
  watch?: () => OutputWatcher | undefined;
}
