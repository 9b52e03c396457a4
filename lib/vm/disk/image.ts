import { installAdvice } from "../../host/install.ts";
import { readOsRelease } from "../../host/os_release.ts";
import { findProgram } from "../../../native/process/process.ts";
import { DiskError } from "../options/errors.ts";
import { HEADER_BYTES, readImageHeader } from "./image_header.ts";
import type { DriveBase, DriveFormat } from "../options/machine_spec.ts";
import { tail } from "../../files/tail.ts";

/** An image file of the user, as it was when it was inspected. */
export interface UserImage extends DriveBase {
  /** Absolute, with links resolved. */
  path: string;
  /** The size of the disk in bytes. */
  size: number;
  /** The size of the file in bytes. */
  fileBytes: number;
  /** The time of its last modification, in milliseconds since 1970. */
  changedAt: number;
}

/**
 * Inspects an image.
 *
 * @param what The call as the user wrote it, for messages: `nas.attachDisk("data")`.
 * @throws {DiskError} If it does not exist, or is not an image that a guest may get.
 */
export async function inspectImage(
  given: string,
  format: DriveFormat | undefined,
  what: string,
): Promise<UserImage> {
  const refuse = (why: string, cause?: unknown) =>
    new DiskError(`${what}: ${given}: ${why}`, { cause });
  try {
    const path = await Deno.realPath(given);
    const { isFile } = await Deno.stat(path);
    if (!isFile) throw refuse("it is not a file");
    using file = await Deno.open(path);
    const { size: fileBytes, mtime } = await file.stat();
    const head = new Uint8Array(HEADER_BYTES);
    let length = 0;
    while (length < head.length) {
      const n = await file.read(head.subarray(length));
      if (n === null) break;
      length += n;
    }
    const found = readImageHeader(head.subarray(0, length), fileBytes, format);
    if ("refused" in found) throw refuse(found.refused);
    return { path, ...found, fileBytes, changedAt: mtime?.getTime() ?? 0 };
  } catch (error) {
    if (error instanceof DiskError) throw error;
    if (error instanceof Deno.errors.NotFound) throw refuse("there is no such file", error);
    throw refuse((error as Error).message, error);
  }
}

/** Creates an empty disk. A failure leaves nothing behind. */
export async function createRaw(path: string, bytes: number, what: string): Promise<void> {
  try {
    using file = await Deno.open(path, { createNew: true, write: true, mode: 0o600 });
    await file.truncate(bytes);
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    const why = (error as Error).message;
    throw new DiskError(`${what}: cannot create a disk of ${bytes} bytes: ${why}`, {
      cause: error,
    });
  }
}

/**
 * Creates an empty qcow2 image as an overlay; only QEMU's command line names its backing file.
 *
 * @throws {DiskError} If there is no qemu-img, or no space; nothing is left behind then.
 */
export async function createOverlay(path: string, bytes: number, what: string): Promise<void> {
  const program = imageProgram("qemu-img", what);
  const { success, stderr } = await new Deno.Command(program, {
    args: ["create", "-q", "-f", "qcow2", path, String(bytes)],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  await Deno.remove(path).catch(() => {});
  throw new DiskError(
    `${what}: qemu-img cannot create the file for the guest's writes:\n` +
      tail(new TextDecoder().decode(stderr)),
  );
}

/**
 * Returns the path of one of QEMU's programs for images.
 *
 * @throws {DiskError} If it is not installed; the message says what to install.
 */
export function imageProgram(name: "qemu-img" | "qemu-nbd", what: string): string {
  const path = findProgram(name);
  if (path !== undefined) return path;
  // The same package has both programs.
  const advice = installAdvice(["qemu-img"], readOsRelease());
  throw new DiskError(`${what}: this needs the program ${name}, which is not on PATH: ${advice}`);
}
