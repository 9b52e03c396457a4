import { dirname } from "node:path";
import { NetyardError } from "../../../native/error.ts";
import { writeAtomically } from "../../files/atomic.ts";
import { UsageError } from "./command.ts";

/** A requested file could not be written. */
export class OutputFileError extends NetyardError {}

/**
 * Refuses a file that cannot be created, before the command does its work.
 *
 * @param option the command and the option that name it: `netyard run: --junit`
 */
export async function checkOutputFile(option: string, path: string): Promise<void> {
  const named = `${option} is ${JSON.stringify(path)}`;
  const directory = await Deno.stat(dirname(path)).catch(() => undefined);
  if (!directory?.isDirectory) {
    throw new UsageError(`${named}, but there is no directory ${dirname(path)}; create it first`);
  }
  const existing = await Deno.stat(path).catch(() => undefined);
  if (existing?.isDirectory) throw new UsageError(`${named}, but that is a directory`);
}

/** Replaces a file atomically; writes directly to anything else, such as /dev/stderr. */
export async function writeOutputFile(path: string, text: string): Promise<void> {
  try {
    const existing = await Deno.stat(path).catch(() => undefined);
    if (existing && !existing.isFile) await Deno.writeTextFile(path, text);
    else await writeAtomically(path, text);
  } catch (error) {
    throw new OutputFileError((error as Error).message, { cause: error });
  }
}
