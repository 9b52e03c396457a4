import { basename, dirname, relative, resolve } from "node:path";
import { checkToml } from "../../toml/check.ts";
import { TomlError } from "../../toml/errors.ts";
import { simulationFileSchema } from "../schema/file.ts";
import { didYouMean } from "../values/choices.ts";
import { Faults } from "./faults.ts";
import { isFile, nearestFile } from "./near_files.ts";
import { readSimFile } from "./read_file.ts";
import type { SimFile } from "./written.ts";

/** The key `extends`, which is the same in a simulation and in the files that it extends. */
const extendsSchema = simulationFileSchema.pick({ extends: true }).strip();

/** Files by their paths; the last one wins. */
type Extended = Map<string, SimFile>;

/**
 * Returns the files that a simulation extends, and those that they extend: later files win, and the
 * simulation wins over all of them.
 *
 * @throws {TomlError} If a file does not exist, has a fault, or extends itself.
 */
export async function filesExtendedBy(main: SimFile, cwd: string): Promise<SimFile[]> {
  const faults = new Faults();
  const known = new Map<string, Extended>();
  const path = resolve(cwd, main.document.path);
  const found = await visit(main, [path]);
  faults.throwIfAny();
  return [...found.values()];

  /** The files that a file extends; later ones win. */
  async function visit(file: SimFile, trail: readonly string[]): Promise<Extended> {
    const found: Extended = new Map();
    const tables = faults.try(() => checkToml(extendsSchema, file.document));
    for (const [i, entry] of (tables?.extends ?? []).entries()) {
      const where = file.document.where(["extends", i, "file"]);
      const next = await faults.tryAsync(() => locate(entry.file, where, file.directory, cwd));
      if (next === undefined) continue;
      if (trail.includes(next)) {
        const cycle = [...trail.slice(trail.indexOf(next)), next].map((each) => shown(each, cwd));
        faults.add(where, `files extend each other in a circle: ${cycle.join(" -> ")}`);
        continue;
      }
      let all = known.get(next);
      if (!all) {
        const shared = await faults.tryAsync(() => readSimFile(shown(next, cwd), cwd));
        if (!shared) continue;
        all = await visit(shared, [...trail, next]);
        all.set(next, shared);
        known.set(next, all);
      }
      for (const [path, each] of all) {
        found.delete(path);
        found.set(path, each);
      }
    }
    return found;
  }
}

async function locate(
  name: string,
  where: string,
  directory: string,
  cwd: string,
): Promise<string> {
  const candidates = [
    ...new Set([directory, dirname(directory), cwd].map((d) => resolve(d, name))),
  ];
  for (const candidate of candidates) {
    if (await isFile(candidate)) return await Deno.realPath(candidate);
  }
  const directories = candidates.map((each) => dirname(each));
  const meant = await nearestFile(basename(name, ".toml"), directories);
  const looked = candidates.map((each) => shown(each, cwd)).join(", ");
  throw new TomlError([{
    where,
    message: `there is no file ${JSON.stringify(name)}` +
      didYouMean(meant && `${meant}.toml`, `It was looked for at ${looked}`),
  }]);
}

/** Returns a path as messages show it: relative to the working directory, if it is near. */
export function shown(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short === "" || short.startsWith("../..") ? path : short;
}
