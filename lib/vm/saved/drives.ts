import { z } from "zod";
import { HeldFile } from "../../../native/files/held_file.ts";
import { inspectImage } from "../disk/image.ts";
import { DiskError } from "../options/errors.ts";
import type { DriveSpec } from "../options/machine_spec.ts";
import { fileCrc32 } from "./checksum.ts";
import { SavedDiskError } from "./disks.ts";
import { temporary } from "../../files/temporary.ts";

/** The disks that a machine has from the start and writes to, as they were at a moment. */

/** One of them. */
export interface SavedDrive {
  id: string;
  /** What the machine's own file had; what it lies over is the profile's. */
  content: HeldFile;
}

/** What the manifest says of one. */
export const savedDriveSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  /** Of its file (CRC-32). */
  sum: z.number(),
});

/** Whether the file of a drive is the machine's own, made for it over an image. */
export function isOwn({ readOnly, base }: DriveSpec): boolean {
  return !readOnly && Boolean(base);
}

/** Copies the files of a machine that stands still. */
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

/** Has the files of a machine that is off have what was saved. */
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

/** Writes them to a directory, and returns what the manifest says of them. */
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
 * Reads them; each is a copy.
 *
 * @throws {SavedDiskError} If a file is not what was written.
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
      // One that was made by somebody else could have QEMU read any file of the host.
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
