import type { GuestAgent } from "./agent.ts";

/** What all that is done in a guest needs. */
export interface GuestContext {
  agent: GuestAgent;
  /** The name of the VM, which begins each message. */
  label: string;
  /** By how much default deadlines are longer than on fast hardware; at least 1. */
  timeoutFactor: number;
}
