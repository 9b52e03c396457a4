import { hostMemoryBytes } from "../host/memory.ts";
import { profileNamed } from "../vm/profiles.ts";
import type { ConfigHost } from "./config/members.ts";

/** What this host has for virtual machines: its memory, and the profiles of the working directory. */
export function configHost(): ConfigHost {
  return { memoryBytes: hostMemoryBytes(), checkProfile: profileNamed };
}
