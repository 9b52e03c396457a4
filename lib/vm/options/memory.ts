import { NetyardError } from "../../../native/error.ts";

/** An amount of memory: a number with its unit, such as `"256M"` or `"1.5G"`, or a number of bytes. */
export type MemorySize = string | number;

/** The value is not an amount of memory. */
export class MemorySizeError extends NetyardError {}

/** The requested memory is less than a kernel needs to start. */
export class TooLittleMemoryError extends NetyardError {}

/** The requested memory is more than the host has. */
export class TooMuchMemoryError extends NetyardError {}

const MIB = 2 ** 20;
const LEAST_BYTES = 64 * MIB;
/** Powers of 1024, as QEMU and memory vendors count. */
const UNITS: Record<string, number> = { M: MIB, G: 2 ** 30, T: 2 ** 40 };
const PATTERN = /^(\d+(?:\.\d+)?)([MGT])(?:i?B)?$/i;

/**
 * Returns an amount of memory for a guest in bytes; it is a whole number of MiB.
 *
 * @param size With a unit: `M`, `G` or `T`, also written `MB` or `MiB`; all are powers of 1024.
 * @param hostBytes The memory of the host.
 * @param what The call as the user wrote it, for messages: `lab.vm("nas")`.
 *
 * @throws {MemorySizeError} If it is not an amount, or not a whole number of MiB.
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
  const requested = `${what}: "memory" is ${
    typeof size === "number" ? size : JSON.stringify(size)
  }`;
  if (bytes === undefined || !Number.isFinite(bytes) || bytes < 0) {
    throw new MemorySizeError(
      `${requested}, but must be an amount such as "256M" or "1G", or a number of bytes`,
    );
  }
  if (bytes < LEAST_BYTES) {
    // A plain 256 is probably meant as MiB.
    const meant = typeof size === "number" && size * MIB >= LEAST_BYTES && Number.isInteger(size)
      ? `; a plain number is in bytes: did you mean "${size}M"?`
      : "";
    throw new TooLittleMemoryError(`${requested}, but must be at least "64M"${meant}`);
  }
  if (bytes % MIB !== 0) {
    throw new MemorySizeError(`${requested}, but must be a whole number of MiB`);
  }
  if (bytes > hostBytes) {
    throw new TooMuchMemoryError(
      `${requested}, but this host has ${Math.floor(hostBytes / MIB)}M in total: request less`,
    );
  }
  return bytes;
}

function parse(size: string): number | undefined {
  const match = PATTERN.exec(size);
  return match ? Number(match[1]) * UNITS[match[2].toUpperCase()] : undefined;
}
