import { z } from "zod";
import { HeldFile } from "../../../native/files/held_file.ts";
import { inspectImage } from "../disk/image.ts";
import { DiskError } from "../options/errors.ts";
import type { DriveSpec } from "../options/machine_spec.ts";
import { fileCrc32 } from "./checksum.ts";
import { SavedDiskError } from "./disks.ts";
import { temporary } from "../../files/temporary.ts";

/** Saves and restores the disks that a machine has from the start and writes to. */

/** A saved drive. */
export interface SavedDrive {
  id: string;
  /** The content of the machine's own file; the backing file belongs to the profile. */
  content: HeldFile;
}

/** The schema of a drive in the manifest. */
export const savedDriveSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  /** The checksum of its file (CRC-32). */
  sum: z.number(),
});

/** Whether the file of a drive is the machine's own: an overlay of an image. */
export function isOwn({ readOnly, base }: DriveSpec): boolean {
  return !readOnly && Boolean(base);
}

/** Copies the drives of a paused machine. */
export async function saveDrives(drives: readonly DriveSpec[]): Promise<SavedDrive[]> {
  const saved: SavedDrive[] = [];
  try {
    for (const { id, path } of drives.filter(isOwn)) {
      saved.push({ id, content: await HeldFile.copyOf(path, temporary(), `disk "${id}"`) });
    }
    return saved;
  } catch (error) {
    for (const { content } of saved) content.close();
    throw error;
  }
}

/** Restores the drives of a machine that is switched off. */
export async function putDrives(
  saved: readonly SavedDrive[],
  drives: readonly DriveSpec[],
): Promise<void> {
  for (const { id, content } of saved) {
    const drive = drives.find((drive) => drive.id === id);
    if (!drive || !isOwn(drive)) continue;
    await Deno.remove(drive.path).catch(() => {});
    await content.write(drive.path);
  }
}

/** Writes drives to a directory, and returns their entries for the manifest. */
export async function writeSavedDrives(
  directory: string,
  drives: readonly SavedDrive[],
): Promise<z.infer<typeof savedDriveSchema>[]> {
  const entries = [];
  for (const { id, content } of drives) {
    await content.write(pathOf(directory, id));
    entries.push({ id, sum: await fileCrc32(pathOf(directory, id)) });
  }
  return entries;
}

/**
 * Reads drives; each is a copy.
 *
 * @throws {SavedDiskError} If a file is damaged.
 */
export async function readSavedDrives(
  directory: string,
  entries: readonly z.infer<typeof savedDriveSchema>[],
): Promise<SavedDrive[]> {
  const drives: SavedDrive[] = [];
  try {
    for (const { id, sum } of entries) {
      const path = pathOf(directory, id);
      const what = `its disk "${id}"`;
      if (await fileCrc32(path) !== sum) throw new SavedDiskError(`${what} is damaged`);
      // An image from another person could make QEMU read any file of the host.
      await inspectImage(path, "qcow2", what);
      drives.push({ id, content: await HeldFile.copyOf(path, temporary(), what) });
    }
    return drives;
  } catch (error) {
    for (const { content } of drives) content.close();
    throw error instanceof DiskError ? new SavedDiskError(error.message, { cause: error }) : error;
  }
}

const pathOf = (directory: string, id: string) => `${directory}/drive-${id}`;
