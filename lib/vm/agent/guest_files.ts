import { joinBytes } from "../socket/bytes.ts";
import { GuestFileError } from "../options/errors.ts";
import { exec } from "./exec.ts";
import { type FileHandle, isMissing, openFile } from "./file_handle.ts";
import type { GuestContext } from "./guest_context.ts";

/**
 * The most bytes per request: larger ones are no faster, and the agent answers no other request
 * meanwhile. Under emulation it takes about 16 ms for each of the two.
 */
export const WRITE_BYTES = 65_536;
const READ_BYTES = 262_144;

/** How to write a file. */
export interface GuestWriteOptions {
  /** Its permissions, such as `0o755`. Default: those it has, or `0o644` for a new file. */
  mode?: number;
}

/** Set explicitly, since the agent makes new files writable for all. */
const NEW_FILE_MODE = 0o644;

/** Reads a whole file of the guest. */
export async function readFile(
  context: GuestContext,
  path: string,
  what: string = `${context.label}: readFile(${JSON.stringify(path)})`,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = await openFile(context, path, "r", what);
  return await using(file, async () => {
    const parts: Uint8Array[] = [];
    for (;;) {
      const { bytes, eof } = await file.read(READ_BYTES);
      parts.push(bytes);
      // A file of /proc may come in parts of its own size.
      if (eof || bytes.length === 0) return joinBytes(parts);
    }
  });
}

/**
 * Writes a file of the guest in place, as `Deno.writeFile` does: it follows links, it can write special
 * files such as those of `/proc/sys`, and a reader may see a file that is half written.
 */
export async function writeFile(
  context: GuestContext,
  path: string,
  data: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { mode }: GuestWriteOptions = {},
  what: string = `${context.label}: writeFile(${JSON.stringify(path)})`,
): Promise<void> {
  if (mode !== undefined && !(Number.isInteger(mode) && mode >= 0 && mode <= 0o7777)) {
    throw new GuestFileError(
      `${what}: mode is ${mode}, but must be permissions such as 0o644`,
      path,
    );
  }
  const newMode = mode ?? (await isNew(context, path, what) ? NEW_FILE_MODE : undefined);
  const file = await openFile(context, path, "w", what);
  await using(file, async () => {
    for await (const part of data) {
      for (let at = 0; at < part.length; at += WRITE_BYTES) {
        await file.write(part.subarray(at, at + WRITE_BYTES));
      }
    }
  });
  if (newMode !== undefined) await setMode(context, path, newMode, what);
}

/**
 * Whether the file does not exist yet. Opening it saves the guest a program for each existing file.
 * Opening a pipe for reading and writing does not block; a file that cannot be opened like this, such as
 * some of `/sys`, may still be writable.
 */
async function isNew(context: GuestContext, path: string, what: string): Promise<boolean> {
  try {
    const file = await openFile(context, path, "r+", what);
    await file.close();
    return false;
  } catch (error) {
    if (error instanceof GuestFileError) return isMissing(error);
    throw error;
  }
}

async function setMode(context: GuestContext, path: string, mode: number, what: string) {
  const arg = [mode.toString(8).padStart(4, "0"), absolute(path)];
  const { code, stderr } = await exec(context, { path: "chmod", arg }, what);
  if (code !== 0) {
    throw new GuestFileError(`${what}: written, but its mode cannot be set: ${stderr}`, path);
  }
}

/** Returns a path that no program takes for an option. The agent's working directory is `/`. */
export function absolute(path: string): string {
  return path.startsWith("/") ? path : `./${path}`;
}

/** Closes the file after the work; throws the first error of the two. */
async function using<T>(file: FileHandle, work: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
  await file.close();
  return result;
}
