import type { GuestAgent } from "./agent.ts";

/** What every call into a guest needs. */
export interface GuestContext {
  agent: GuestAgent;
  /** The name of the VM, with which each message begins. */
  label: string;
  /** The factor for default deadlines, which were chosen for KVM; at least 1. */
  timeoutFactor: number;
}
