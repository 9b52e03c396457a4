import { nearest } from "../../options/nearest.ts";

/** The name in one of the directories that is nearest to a name; undefined if none is near. */
export async function nearestFile(
  name: string,
  directories: Iterable<string>,
): Promise<string | undefined> {
  const names: string[] = [];
  for (const directory of new Set(directories)) {
    try {
      for await (const entry of Deno.readDir(directory)) {
        if (entry.name.endsWith(".toml")) names.push(entry.name);
      }
    } catch {
      // A directory that is not there has no names.
    }
  }
  return nearest(name, names.sort());
}

/** Whether a path is that of a file. */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
