import type { ImportMap } from "./layers.ts";

/** The root of the repository. */
export const ROOT = new URL("../../", import.meta.url);

/** Reads the TypeScript files of these folders and `mod.ts`, by their paths from the root. */
export async function readHouse(folders = ["lib", "native"]): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  const readFile = async (path: string) => {
    sources.set(path, await Deno.readTextFile(new URL(path, ROOT)));
  };
  const readFolder = async (folder: string) => {
    for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
      if (entry.isDirectory) await readFolder(`${folder}${entry.name}/`);
      else if (/\.[cm]?tsx?$/.test(entry.name)) await readFile(folder + entry.name);
    }
  };
  for (const folder of folders) await readFolder(`${folder}/`);
  await readFile("mod.ts");
  return sources;
}

const readConfig = async () => JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));

/** The import map of `deno.json`. */
export async function readImportMap(): Promise<ImportMap> {
  return (await readConfig()).imports;
}

/** The modules that `deno.json` exports, by their paths from the root. */
export async function readExports(): Promise<string[]> {
  return Object.values<string>((await readConfig()).exports).map((path) => path.slice(2));
}
