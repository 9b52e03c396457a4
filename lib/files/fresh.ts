import { join } from "node:path";

/** Files, and what they are built from. */
export interface Freshness {
  outputs: readonly string[];
  /** Files, and directories with all their content, that the outputs are built from. */
  sources: readonly string[];
  /** Returns the error for a missing source. */
  missing(path: string): Error;
}

/** Returns whether all outputs exist, and none is older than a source. */
export async function isFresh({ outputs, sources, missing }: Freshness): Promise<boolean> {
  let oldest = Infinity;
  for (const path of outputs) {
    const stat = await Deno.stat(path).catch(() => undefined);
    if (!stat) return false;
    oldest = Math.min(oldest, stat.mtime?.getTime() ?? 0);
  }
  for (const path of sources) {
    const time = await newest(path);
    if (time === undefined) throw missing(path);
    if (time > oldest) return false;
  }
  return true;
}

/** Returns the time of the last change of a file, or of any file in a directory; undefined if it is missing. */
export async function newest(path: string): Promise<number | undefined> {
  let stat: Deno.FileInfo;
  try {
    stat = await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  let time = stat.mtime?.getTime() ?? 0;
  if (!stat.isDirectory) return time;
  for await (const { name } of Deno.readDir(path)) {
    time = Math.max(time, await newest(join(path, name)) ?? 0);
  }
  return time;
}
