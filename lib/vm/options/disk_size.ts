import { DiskError } from "./errors.ts";

/** The size of a disk: a number with its unit, such as `"64M"` or `"1.5G"`, or a number of bytes. */
export type DiskSize = string | number;

/** The bytes of a sector, the unit in which disks are read and written. */
export const SECTOR = 512;

/** Powers of 1024, as QEMU counts. */
const UNITS: Record<string, number> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
const PATTERN = /^(\d+(?:\.\d+)?)([KMGT])(?:i?B)?$/i;

/**
 * Returns the size of a disk in bytes.
 *
 * @param size With a unit: `K`, `M`, `G` or `T`, also written `MB` or `MiB`; all are powers of 1024.
 * @param what The call as the user wrote it, for messages: `nas.attachDisk()`.
 * @throws {DiskError} If it is not a size, or not a whole number of sectors.
 */
export function diskBytes(size: DiskSize, what: string): number {
  const requested = `${what}: "size" is ${JSON.stringify(size)}`;
  const bytes = typeof size === "number" ? size : parse(size);
  if (bytes === undefined || !Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new DiskError(
      `${requested}, but must be a size such as "64M" or "1G", or a number of bytes`,
    );
  }
  if (bytes % SECTOR !== 0) {
    const up = Math.ceil(bytes / SECTOR) * SECTOR;
    throw new DiskError(
      `${requested}, but must be a multiple of ${SECTOR} bytes, a sector: use ${up}`,
    );
  }
  return bytes;
}

function parse(size: string): number | undefined {
  const match = PATTERN.exec(size);
  return match ? Number(match[1]) * UNITS[match[2].toUpperCase()] : undefined;
}
