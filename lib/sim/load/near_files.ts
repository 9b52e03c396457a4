import { nearest } from "../../options/nearest.ts";

/** Returns the TOML file of some directories with the nearest name; names have no `.toml`. */
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
      // A directory that does not exist has no names.
    }
  }
  return nearest(name, names.sort());
}

/** Whether there is a file at a path. */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
