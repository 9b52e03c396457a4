import { dirname } from "node:path";
import { NetyardError } from "../../../native/error.ts";
import { writeAtomically } from "../../files/atomic.ts";
import { UsageError } from "./command.ts";

/** A file that was asked for could not be written. */
export class OutputFileError extends NetyardError {}

/**
 * Refuses a file that cannot be made, before there is anything to write into it.
 *
 * @param option By which it was named: `netyard run: --junit`.
 */
export async function checkOutputFile(option: string, path: string): Promise<void> {
  const named = `${option} is ${JSON.stringify(path)}`;
  const directory = await Deno.stat(dirname(path)).catch(() => undefined);
  if (!directory?.isDirectory) {
    throw new UsageError(`${named}, but there is no directory ${dirname(path)}: make it first`);
  }
  const there = await Deno.stat(path).catch(() => undefined);
  if (there?.isDirectory) throw new UsageError(`${named}, but that is a directory`);
}

/** Writes a file that is never seen half written; into what is no file, as /dev/stderr, straight. */
export async function writeOutputFile(path: string, text: string): Promise<void> {
  try {
    const there = await Deno.stat(path).catch(() => undefined);
    if (there && !there.isFile) await Deno.writeTextFile(path, text);
    else await writeAtomically(path, text);
  } catch (error) {
    throw new OutputFileError((error as Error).message, { cause: error });
  }
}
