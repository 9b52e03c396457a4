import { z } from "zod";
import { HeldFile } from "../../../native/files/held_file.ts";
import { fileCrc32 } from "./checksum.ts";
import { inspectImage } from "../disk/image.ts";
import type { SavedDisk } from "../disk/record.ts";
import { DiskError } from "../options/errors.ts";
import { temporary } from "../../files/temporary.ts";

/** The attached disks of a saved machine, in its directory. */

const format = z.enum(["raw", "qcow2"]);

/** The schema of a disk in the manifest. */
export const savedDiskSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  slot: z.int(),
  size: z.int(),
  image: z.strictObject({
    path: z.string(),
    format,
    size: z.int(),
    fileBytes: z.int(),
    changedAt: z.number(),
  }).optional(),
  format,
  readOnly: z.boolean(),
  faults: z.array(z.strictObject({
    event: z.enum(["read", "write", "flush"]),
    errno: z.int().optional(),
    sector: z.int().optional(),
    once: z.boolean().optional(),
  })).optional(),
  /** The checksum of its file (CRC-32); null for a disk that only reads the user's file. */
  sum: z.number().nullable(),
});

/** A disk in the manifest. */
export type SavedDiskEntry = z.infer<typeof savedDiskSchema>;

/** The file of a disk is damaged. The caller adds which snapshot it is. */
export class SavedDiskError extends Error {}

/** Writes the files of disks, and returns their entries for the manifest. */
export async function writeSavedDisks(
  directory: string,
  disks: readonly SavedDisk[],
): Promise<SavedDiskEntry[]> {
  const entries: SavedDiskEntry[] = [];
  for (const { content, faults, loaded: _, ...about } of disks) {
    const path = pathOf(directory, about.name);
    await content?.write(path);
    entries.push({
      ...about,
      ...faults ? { faults: faults.map((fault) => ({ ...fault })) } : {},
      sum: content ? await fileCrc32(path) : null,
    });
  }
  return entries;
}

/**
 * Reads disks; each is a copy.
 *
 * @throws {SavedDiskError} If a file is damaged.
 */
export async function readSavedDisks(
  directory: string,
  entries: readonly SavedDiskEntry[],
): Promise<SavedDisk[]> {
  const disks: SavedDisk[] = [];
  try {
    for (const { sum, ...about } of entries) {
      const path = pathOf(directory, about.name);
      const what = `its disk "${about.name}"`;
      if (sum !== null && await fileCrc32(path) !== sum) {
        throw new SavedDiskError(`${what} is damaged`);
      }
      // An image from another person could make QEMU read any file of the host.
      if (sum !== null && about.format === "qcow2") await inspectImage(path, "qcow2", what);
      if (sum === null && !about.image) throw new SavedDiskError(`${what} has no file`);
      const content = sum === null ? undefined : await HeldFile.copyOf(path, temporary(), what);
      disks.push({ ...about, content, loaded: true });
    }
    return disks;
  } catch (error) {
    for (const { content } of disks) content?.close();
    throw error instanceof DiskError ? new SavedDiskError(error.message, { cause: error }) : error;
  }
}

function pathOf(directory: string, name: string): string {
  return `${directory}/disk-${name}`;
}
