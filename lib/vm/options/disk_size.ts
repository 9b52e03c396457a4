import { DiskError } from "./errors.ts";

/** How large a disk is: a number with its unit, such as `"64M"`, `"1.5G"`, or bytes. */
export type DiskSize = string | number;

/** Bytes of a sector, by which disks are read and written. */
export const SECTOR = 512;

/** Powers of 1024, as QEMU counts. */
const UNITS: Record<string, number> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
const PATTERN = /^(\d+(?:\.\d+)?)([KMGT])(?:i?B)?$/i;

/**
 * The bytes of a disk's size.
 *
 * @param size With a unit: `K`, `M`, `G` or `T`, also written `MB` or `MiB`; all are powers of 1024.
 * @param what What was asked, as the caller wrote it: `nas.attachDisk()`.
 * @throws {DiskError} If it is no size, or not some whole sectors.
 */
export function diskBytes(size: DiskSize, what: string): number {
  const asked = `${what}: "size" is ${JSON.stringify(size)}`;
  const bytes = typeof size === "number" ? size : parse(size);
  if (bytes === undefined || !Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new DiskError(`${asked}, but must be a size such as "64M" or "1G", or a number of bytes`);
  }
  if (bytes % SECTOR !== 0) {
    const up = Math.ceil(bytes / SECTOR) * SECTOR;
    throw new DiskError(
      `${asked}, but must be a multiple of ${SECTOR} bytes, a sector: use ${up}`,
    );
  }
  return bytes;
}

function parse(size: string): number | undefined {
  const match = PATTERN.exec(size);
  return match ? Number(match[1]) * UNITS[match[2].toUpperCase()] : undefined;
}
