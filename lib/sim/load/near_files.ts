import { nearest } from "../../options/nearest.ts";

/** The TOML file in one of the directories whose name is nearest, both without `.toml`. */
export async function nearestFile(
  name: string,
  directories: Iterable<string>,
): Promise<string | undefined> {
  const names: string[] = [];
  for (const directory of new Set(directories)) {
    try {
      for await (const entry of Deno.readDir(directory)) {
        if (entry.name.endsWith(".toml")) names.push(entry.name.slice(0, -5));
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
