import { createOverlay, inspectImage, type UserImage } from "../disk/image.ts";
import { DiskError, ProfileError } from "../options/errors.ts";
import type { DriveFormat, DriveSpec } from "../options/machine_spec.ts";

/** A file that a profile's disk begins as. */
export interface DiskImage {
  path: string;
  /** Default: what the file's first bytes say. */
  format?: DriveFormat;
}

/**
 * Looks at an image, and refuses what would have QEMU open other files than this one.
 *
 * @param what What was asked, as the caller wrote it: `imageProfile()`.
 * @throws {ProfileError} If it is not there, is not of its format, or refers to another file.
 */
export async function checkedImage(
  what: string,
  { path, format }: DiskImage,
): Promise<UserImage> {
  return await explained(() => inspectImage(path, format, what));
}

/**
 * A disk that begins as an image, and is a machine's own: what is written to it goes into a file in
 * the machine's directory. One that is there already, from before the machine was switched off, stays.
 */
export async function ownDisk(
  what: string,
  id: string,
  { path: base, format, size }: UserImage,
  directory: string,
): Promise<DriveSpec> {
  const path = `${directory}/${id}.qcow2`;
  const there = await Deno.stat(path).then(() => true, () => false);
  if (!there) await explained(() => createOverlay(path, size, what));
  return { id, path, format: "qcow2", readOnly: false, base: { path: base, format } };
}

async function explained<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    throw new ProfileError(error.message, { cause: error });
  }
}
