import { createOverlay, inspectImage, type UserImage } from "../disk/image.ts";
import { DiskError, ProfileError } from "../options/errors.ts";
import type { DriveFormat, DriveSpec } from "../options/machine_spec.ts";

/** The image that a profile's disk is based on. */
export interface DiskImage {
  path: string;
  /** Default: detected from the file's first bytes. */
  format?: DriveFormat;
}

/**
 * Inspects an image, and refuses one that would make QEMU open other files.
 *
 * @param what The call as the user wrote it, for messages: `imageProfile()`.
 * @throws {ProfileError} If it does not exist, has another format, or refers to another file.
 */
export async function checkedImage(
  what: string,
  { path, format }: DiskImage,
): Promise<UserImage> {
  return await asProfileError(() => inspectImage(path, format, what));
}

/**
 * Returns a disk of a machine's own that is based on an image: writes go to an overlay in the machine's
 * directory. An overlay from before the machine was switched off is used again.
 */
export async function ownDisk(
  what: string,
  id: string,
  { path: base, format, size }: UserImage,
  directory: string,
): Promise<DriveSpec> {
  const path = `${directory}/${id}.qcow2`;
  const exists = await Deno.stat(path).then(() => true, () => false);
  if (!exists) await asProfileError(() => createOverlay(path, size, what));
  return { id, path, format: "qcow2", readOnly: false, base: { path: base, format } };
}

async function asProfileError<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    throw new ProfileError(error.message, { cause: error });
  }
}
