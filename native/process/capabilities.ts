import { readFileText } from "../libc.ts";

/** Bits of a capability set, by name (linux/capability.h): those that a lab cannot do without. */
export const CAPABILITIES = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21 } as const;

/**
 * The effective capability set in the text of a `/proc/<pid>/status`, as a bit
 * mask; 0 where the text has none.
 *
 * @example
 * ```ts
 * import { parseEffectiveCapabilities } from "./capabilities.ts";
 *
 * console.assert(parseEffectiveCapabilities("CapEff:\t0000000000201000\n") === 0x201000n);
 * ```
 *
 * Source: proc_pid_status(5).
 */
export function parseEffectiveCapabilities(status: string): bigint {
  const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return hex ? BigInt(`0x${hex}`) : 0n;
}

/** Whether a capability set holds every capability that a lab needs. */
export function sufficesForLab(effective: bigint): boolean {
  return Object.values(CAPABILITIES).every((bit) => (effective >> BigInt(bit) & 1n) === 1n);
}

/**
 * Whether the calling thread has CAP_NET_ADMIN and CAP_SYS_ADMIN, be it as root
 * or inside a user namespace.
 *
 * @throws {MissingPermissionError} without `--allow-ffi`.
 *
 * @example
 * ```ts
 * import { hasCapabilities } from "./capabilities.ts";
 *
 * if (!hasCapabilities()) console.error("labs need root");
 * ```
 *
 * Source: capabilities(7).
 */
export function hasCapabilities(): boolean {
  return sufficesForLab(parseEffectiveCapabilities(readFileText("/proc/thread-self/status")));
}
