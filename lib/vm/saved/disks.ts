import { z } from "zod";
import { HeldFile } from "../../../native/files/held_file.ts";
import { fileCrc32 } from "./checksum.ts";
import { inspectImage } from "../disk/image.ts";
import type { SavedDisk } from "../disk/record.ts";
import { DiskError } from "../options/errors.ts";
import { temporary } from "../../files/temporary.ts";

/** Disks of a saved machine, as the machine's directory has them. */

const format = z.enum(["raw", "qcow2"]);

/** What the manifest says of a disk. */
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
  /** Of its file (CRC-32); null of a disk that only reads the user's. */
  sum: z.number().nullable(),
});

/** What the manifest says of a disk. */
export type SavedDiskEntry = z.infer<typeof savedDiskSchema>;

/** The file of a disk is damaged; the message says only that. */
export class SavedDiskError extends Error {}

/** Writes the files of disks, and returns what the manifest says of them. */
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
 * Reads them; each is a copy.
 *
 * @throws {SavedDiskError} If a file is not what was written.
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
      // One that was made by somebody else could have QEMU read any file of the host.
      if (sum !== null && about.format === "qcow2") await inspectImage(path, "qcow2", what);
      if (sum === null && !about.image) throw new SavedDiskError(`${what} is of no file`);
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
