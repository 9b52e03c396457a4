import { NetyardError } from "../../../native/error.ts";

/** An amount of memory: a number with its unit, such as `"256M"`, `"1G"`, `"1.5G"`, or bytes. */
export type MemorySize = string | number;

/** What was given is no amount of memory. */
export class MemorySizeError extends NetyardError {}

/** A guest was to have less memory than a kernel starts with. */
export class TooLittleMemoryError extends NetyardError {}

/** A guest was to have more memory than the host has. */
export class TooMuchMemoryError extends NetyardError {}

const MIB = 2 ** 20;
const LEAST_BYTES = 64 * MIB;
/** Powers of 1024, as QEMU and everybody who sells memory count. */
const UNITS: Record<string, number> = { M: MIB, G: 2 ** 30, T: 2 ** 40 };
const PATTERN = /^(\d+(?:\.\d+)?)([MGT])(?:i?B)?$/i;

/**
 * The bytes of an amount of memory for a guest, which are a whole number of MiB.
 *
 * @param size With a unit: `M`, `G` or `T`, also written `MB` or `MiB`; all are powers of 1024.
 * @param hostBytes What the host has.
 * @param what What was asked, as the caller wrote it: `lab.vm("nas")`.
 *
 * @throws {MemorySizeError} If it is no amount, or no whole number of MiB.
 * @throws {TooLittleMemoryError} If it is less than 64M.
 * @throws {TooMuchMemoryError} If it is more than the host has.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(memoryBytes("256M", 8 * 2 ** 30, 'lab.vm("nas")'), 268_435_456);
 * ```
 */
export function memoryBytes(size: MemorySize, hostBytes: number, what: string): number {
  const bytes = typeof size === "number" ? size : parse(size);
  const asked = `${what}: "memory" is ${typeof size === "number" ? size : JSON.stringify(size)}`;
  if (bytes === undefined || !Number.isFinite(bytes) || bytes < 0) {
    throw new MemorySizeError(
      `${asked}, but must be an amount such as "256M" or "1G", or a number of bytes`,
    );
  }
  if (bytes < LEAST_BYTES) {
    // Whoever writes 256 means MiB.
    const meant = typeof size === "number" && size * MIB >= LEAST_BYTES && Number.isInteger(size)
      ? `; a number is of bytes: did you mean "${size}M"?`
      : "";
    throw new TooLittleMemoryError(`${asked}, but must be at least "64M"${meant}`);
  }
  if (bytes % MIB !== 0) {
    throw new MemorySizeError(`${asked}, but must be a whole number of MiB`);
  }
  if (bytes > hostBytes) {
    throw new TooMuchMemoryError(
      `${asked}, but this host has ${Math.floor(hostBytes / MIB)}M in all: ask for less`,
    );
  }
  return bytes;
}

function parse(size: string): number | undefined {
  const match = PATTERN.exec(size);
  return match ? Number(match[1]) * UNITS[match[2].toUpperCase()] : undefined;
}
