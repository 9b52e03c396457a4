import { readFileText } from "../libc.ts";

/** The capabilities that a lab needs: name and bit (linux/capability.h). */
export const CAPABILITIES = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21 } as const;

/**
 * Reads the effective capability set from the text of a `/proc/<pid>/status`, as a bit mask; 0 if the
 * text has none.
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

/** Whether a capability set contains every capability that a lab needs. */
export function sufficesForLab(effective: bigint): boolean {
  return Object.values(CAPABILITIES).every((bit) => (effective >> BigInt(bit) & 1n) === 1n);
}

/**
 * Whether this thread has CAP_NET_ADMIN and CAP_SYS_ADMIN, as root or in a user namespace.
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
