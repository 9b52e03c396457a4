import { resolve } from "node:path";
import { Faults } from "./load/faults.ts";
import { findSimFiles } from "./load/find_files.ts";
import { simulationsOf } from "./load/variants.ts";
import type { SimFile } from "./load/written.ts";
import type { Simulation } from "./types/types.ts";

/** How simulations are loaded. */
export interface LoadSimulationsOptions {
  /** What relative paths are relative to. Default: the working directory. */
  cwd?: string;
  /** The names of binaries that are given from outside, and need not be declared. Default: none. */
  binaries?: readonly string[];
}

/**
 * Loads simulations, with all that they extend, and checks all that can be known before they run.
 *
 * @param paths Files, directories with simulations in them, and patterns such as `sims/**`. None: the
 *   `simulations` of the nearest `netyard.toml`, from the working directory upward.
 * @returns The simulations in the order of the files, each variant of a matrix for itself.
 * @throws {TomlError} If anything is not as it must be: a line for each fault, with file and line.
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
    const simulations = await faults.trying(() =>
      simulationsOf(file, { cwd, binaries: options.binaries ?? [] })
    );
    for (const simulation of simulations ?? []) loaded.push([simulation, file]);
  }
  checkUnique(loaded, faults);
  faults.throwIfAny();
  return loaded.map(([simulation]) => simulation);
}

/** Outputs go into directories that are called as the simulations are. */
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
      faults.add(where, `the simulation at ${there} is called "${name}", too; rename one of them`);
    } else {
      first.set(name, file);
    }
  }
}
