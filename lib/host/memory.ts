import { NetyardError } from "../../native/error.ts";
import { readFileText } from "../../native/libc.ts";

/**
 * All the memory that this host has, in bytes.
 *
 * Source: proc_meminfo(5).
 */
export function hostMemoryBytes(meminfo: string = readFileText("/proc/meminfo")): number {
  const total = /^MemTotal:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  if (total === undefined) {
    throw new NetyardError("/proc/meminfo does not tell how much memory this host has (MemTotal)");
  }
  return Number(total) * 1024;
}
