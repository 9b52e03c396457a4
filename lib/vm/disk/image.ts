import { installAdvice } from "../../host/install.ts";
import { readOsRelease } from "../../host/os_release.ts";
import { findProgram } from "../../../native/process/process.ts";
import { DiskError } from "../options/errors.ts";
import { HEADER_BYTES, readImageHeader } from "./image_header.ts";
import type { DriveBase, DriveFormat } from "../options/machine_spec.ts";
import { tail } from "../../files/tail.ts";

/** An image of the user's, as it was when it was looked at. */
export interface UserImage extends DriveBase {
  /** Absolute, links resolved. */
  path: string;
  /** Bytes of the disk. */
  size: number;
  /** Bytes of the file. */
  fileBytes: number;
  /** When it was changed last, in milliseconds since 1970. */
  changedAt: number;
}

/**
 * Looks at an image.
 *
 * @param what What was asked, as the caller wrote it: `nas.attachDisk("data")`.
 * @throws {DiskError} If there is none, or none that a guest gets.
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

/** Makes an empty disk; nothing of it is left where that fails. */
export async function createRaw(path: string, bytes: number, what: string): Promise<void> {
  try {
    using file = await Deno.open(path, { createNew: true, write: true, mode: 0o600 });
    await file.truncate(bytes);
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    const why = (error as Error).message;
    throw new DiskError(`${what}: no disk of ${bytes} bytes can be made: ${why}`, { cause: error });
  }
}

/**
 * Makes an empty qcow2 image to lie over another; which one, only the command line of QEMU says.
 *
 * @throws {DiskError} If there is no qemu-img, or no room; nothing of it is left then.
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
    `${what}: qemu-img cannot make what the guest's writes go to:\n` +
      tail(new TextDecoder().decode(stderr)),
  );
}

/**
 * Where a program of QEMU's for images is.
 *
 * @throws {DiskError} If it is not there: it says what to install.
 */
export function imageProgram(name: "qemu-img" | "qemu-nbd", what: string): string {
  const path = findProgram(name);
  if (path !== undefined) return path;
  // One package has both.
  const advice = installAdvice(["qemu-img"], readOsRelease());
  throw new DiskError(`${what}: this needs the program ${name}, which is not on PATH: ${advice}`);
}
