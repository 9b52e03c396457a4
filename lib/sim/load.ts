import { resolve } from "node:path";
import { Faults } from "./load/faults.ts";
import { findSimFiles } from "./load/find_files.ts";
import { simulationsOf } from "./load/variants.ts";
import type { SimFile } from "./load/written.ts";
import type { Simulation } from "./types/types.ts";

/** The options of {@link loadSimulations}. */
export interface LoadSimulationsOptions {
  /** The directory for relative paths. Default: the working directory. */
  cwd?: string;
  /** The names of binaries that are overridden, and need not be declared. Default: none. */
  binaries?: readonly string[];
}

/**
 * Loads simulations and the files that they extend, and checks everything that can be checked before
 * they run.
 *
 * @param paths Files, directories with simulations, and patterns such as `sims/**`. Without paths, the
 *   `simulations` of the nearest `netyard.toml`, from the working directory upwards.
 * @returns The simulations in the order of the files, one for each variant of a matrix.
 * @throws {TomlError} If a file has faults: one message line per fault, with file and line.
 *
 * @example
 * ```ts
 * import { loadSimulations } from "./load.ts";
 *
 * const directory = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${directory}/a.toml`, '[sim]\n[matrix]\nn = ["1", "2"]\n');
 * const simulations = await loadSimulations([directory]);
 * console.assert(simulations.map(({ name }) => name).join() === "a-1,a-2");
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function loadSimulations(
  paths: readonly string[],
  options: LoadSimulationsOptions = {},
): Promise<Simulation[]> {
  const cwd = resolve(options.cwd ?? Deno.cwd());
  const faults = new Faults();
  const loaded: [Simulation, SimFile][] = [];
  for (const file of await findSimFiles(paths, cwd)) {
    const simulations = await faults.tryAsync(() =>
      simulationsOf(file, { cwd, binaries: options.binaries ?? [] })
    );
    for (const simulation of simulations ?? []) loaded.push([simulation, file]);
  }
  checkUnique(loaded, faults);
  faults.throwIfAny();
  return loaded.map(([simulation]) => simulation);
}

/** Checks that names are unique: they are also the names of the output directories. */
function checkUnique(loaded: readonly [Simulation, SimFile][], faults: Faults): void {
  const first = new Map<string, SimFile>();
  for (const [{ name }, file] of loaded) {
    const other = first.get(name);
    const where = file.document.where(["sim", "name"]);
    if (other === file) {
      faults.add(
        where,
        `two variants of the matrix are called "${name}"; give [sim] a "name" with each axis in it`,
      );
    } else if (other) {
      const there = other.document.where(["sim", "name"]);
      faults.add(
        where,
        `the simulation at ${there} is called "${name}", too; rename one of them`,
      );
    } else {
      first.set(name, file);
    }
  }
}
