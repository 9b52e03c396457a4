import { HeldFile } from "../../../native/files/held_file.ts";
import { faultsNode } from "../qemu/devices.ts";
import { createOverlay, createRaw, inspectImage, type UserImage } from "./image.ts";
import { type DiskRecord, diskSpec, type SavedDisk, type WantedDisk } from "./record.ts";
import { DiskError } from "../options/errors.ts";

/** The files of disks: made, saved, put back, and removed. */

/** Where a disk goes, and for what. */
export interface DiskPlace {
  name: string;
  slot: number;
  /** Where its file is made, if it gets one. */
  ownPath: string;
  /** What was asked, for messages. */
  what: string;
}

/** Whether a disk gets a file of the machine's. */
export function needsFile(wanted: WantedDisk): boolean {
  return !("path" in wanted) || (wanted.copyOnWrite && !wanted.readOnly);
}

/** Makes the file of a disk, or takes that of the user. A failure leaves nothing of it. */
export async function makeDisk(wanted: WantedDisk, place: DiskPlace): Promise<DiskRecord> {
  const { name, slot, ownPath, what } = place;
  const { readOnly } = wanted;
  if (!("path" in wanted)) {
    const size = wanted.bytes;
    await createRaw(ownPath, size, what);
    const spec = diskSpec({ name, slot, format: "raw", readOnly }, ownPath);
    return { name, slot, size, own: true, spec };
  }
  const image = await inspectImage(wanted.path, wanted.format, what);
  const { size } = image;
  if (needsFile(wanted)) {
    await createOverlay(ownPath, size, what);
    const spec = diskSpec({ name, slot, image, format: "qcow2", readOnly }, ownPath);
    return { name, slot, size, image, own: true, spec };
  }
  const lock = readOnly ? undefined : await lockImage(image, what);
  const spec = diskSpec({ name, slot, image, format: image.format, readOnly }, image.path);
  return { name, slot, size, image, own: false, lock, spec };
}

/** Removes what the machine has of a disk. */
export async function discardDisk({ own, spec, lock }: DiskRecord): Promise<void> {
  lock?.close();
  if (own) await Deno.remove(spec.path).catch(() => {});
}

/** A copy of a disk that nobody writes to; it takes its room in a directory. */
export async function saveDisk(
  { name, slot, size, image, own, spec }: DiskRecord,
  directory: string,
  what: string,
): Promise<SavedDisk> {
  const { format, readOnly, faults, path } = spec;
  const content = own ? await HeldFile.copyOf(path, directory, what) : undefined;
  return { name, slot, size, image, format, readOnly, faults, content };
}

/** The other way round. */
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

/** Refuses a disk that lies over an image which has changed: it is of no use over another. */
export async function checkBase({ image, own }: DiskRecord, what: string): Promise<void> {
  if (image && own) await checkUnchanged(image, what);
}

async function checkUnchanged(image: UserImage, what: string): Promise<void> {
  const { path, fileBytes, changedAt } = image;
  const stat = await Deno.stat(path).catch(() => undefined);
  if (stat?.size === fileBytes && stat.mtime?.getTime() === changedAt) return;
  throw new DiskError(
    `${what}: ${path} was ${
      stat ? "changed" : "removed"
    }, and what the guest wrote is kept apart, ` +
      "as what differs from it: put it back, or detach the disk",
  );
}

/** Keeps other machines from writing to the same file; other programs QEMU itself keeps off. */
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
