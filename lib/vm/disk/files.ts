import { HeldFile } from "../../../native/files/held_file.ts";
import { faultsNode } from "../qemu/devices.ts";
import { createOverlay, createRaw, inspectImage, type UserImage } from "./image.ts";
import { type DiskRecord, type DiskRequest, diskSpec, type SavedDisk } from "./record.ts";
import { DiskError } from "../options/errors.ts";

/** The files of disks: creates, saves, restores and removes them. */

/** Where a disk goes. */
export interface DiskPlace {
  name: string;
  slot: number;
  /** The path of its file, if it gets one of the machine's own. */
  ownPath: string;
  /** The call, for messages. */
  what: string;
}

/** Whether a disk gets a file of the machine's own. */
export function needsFile(request: DiskRequest): boolean {
  return !("path" in request) || (request.copyOnWrite && !request.readOnly);
}

/** Creates the file of a disk, or uses the user's. A failure leaves nothing behind. */
export async function makeDisk(request: DiskRequest, place: DiskPlace): Promise<DiskRecord> {
  const { name, slot, ownPath, what } = place;
  const { readOnly } = request;
  if (!("path" in request)) {
    const size = request.bytes;
    await createRaw(ownPath, size, what);
    const spec = diskSpec({ name, slot, format: "raw", readOnly }, ownPath);
    return { name, slot, size, own: true, spec };
  }
  const image = await inspectImage(request.path, request.format, what);
  const { size } = image;
  if (needsFile(request)) {
    await createOverlay(ownPath, size, what);
    const spec = diskSpec({ name, slot, image, format: "qcow2", readOnly }, ownPath);
    return { name, slot, size, image, own: true, spec };
  }
  const lock = readOnly ? undefined : await lockImage(image, what);
  const spec = diskSpec({ name, slot, image, format: image.format, readOnly }, image.path);
  return { name, slot, size, image, own: false, lock, spec };
}

/** Removes the machine's own file of a disk, and releases its lock. */
export async function discardDisk({ own, spec, lock }: DiskRecord): Promise<void> {
  lock?.close();
  if (own) await Deno.remove(spec.path).catch(() => {});
}

/** Copies a disk that nothing writes to; the copy takes its space in a directory. */
export async function saveDisk(
  { name, slot, size, image, own, spec }: DiskRecord,
  directory: string,
  what: string,
): Promise<SavedDisk> {
  const { format, readOnly, faults, path } = spec;
  const content = own ? await HeldFile.copyOf(path, directory, what) : undefined;
  return { name, slot, size, image, format, readOnly, faults, content };
}

/** Creates a disk from its saved copy. */
export async function unpackDisk(
  saved: SavedDisk,
  { ownPath, what }: Pick<DiskPlace, "ownPath" | "what">,
): Promise<DiskRecord> {
  const { name, slot, size, image, content } = saved;
  if (image) await checkUnchanged(image, what);
  const path = content ? ownPath : image!.path;
  await content?.write(path);
  const spec = diskSpec(saved, path);
  const node = spec.faults && faultsNode(spec.id);
  return { name, slot, size, image, own: content !== undefined, spec, faultsNode: node };
}

/** Refuses a disk whose backing image has changed: its own content only fits the original. */
export async function checkBase({ image, own }: DiskRecord, what: string): Promise<void> {
  if (image && own) await checkUnchanged(image, what);
}

async function checkUnchanged(image: UserImage, what: string): Promise<void> {
  const { path, fileBytes, changedAt } = image;
  const stat = await Deno.stat(path).catch(() => undefined);
  if (stat?.size === fileBytes && stat.mtime?.getTime() === changedAt) return;
  throw new DiskError(
    `${what}: ${path} was ${stat ? "changed" : "removed"}, and the disk's own file only has what ` +
      "the guest changed in it: bring the original back, or detach the disk",
  );
}

/** Locks a file against other machines that would write to it; QEMU's own lock is for other programs. */
async function lockImage({ path }: UserImage, what: string): Promise<Deno.FsFile> {
  let file: Deno.FsFile | undefined;
  try {
    file = await Deno.open(path, { read: true, write: true });
    if (await file.tryLock(true)) return file;
    throw new DiskError("another machine writes to it");
  } catch (error) {
    file?.close();
    throw new DiskError(`${what}: ${path}: ${(error as Error).message}`, { cause: error });
  }
}
