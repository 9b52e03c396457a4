import { SimulationNameError } from "./errors.ts";

/** The files of a run directory beside the directories of its simulations. */
export const RUN_FILES = [
  "manifest.json",
  "progress.json",
  "combined-results.json",
  "combined-results.md",
] as const;

/** Returns whether a name is valid for a directory inside the run's directory. */
export function isDirectoryName(name: string): boolean {
  return name.length > 0 && !/^\.|[/\0]/.test(name) &&
    new TextEncoder().encode(name).length <= 255 &&
    !RUN_FILES.some((file) => file === name);
}

/**
 * Checks that simulations can run together.
 *
 * @throws {SimulationNameError} A name is not valid for a directory, or two simulations have it.
 */
export function checkNames(simulations: readonly { name: string; file: string }[]): void {
  const files = new Map<string, string>();
  for (const { name, file } of simulations) {
    if (!isDirectoryName(name)) {
      throw new SimulationNameError(
        `${file}: the simulation's name ${JSON.stringify(name)} must be valid for a directory: ` +
          `no "/", no "." at its start, at most 255 bytes, and none of ${RUN_FILES.join(", ")}`,
      );
    }
    const other = files.get(name);
    if (other !== undefined) {
      throw new SimulationNameError(
        `${file}: the simulation "${name}" has the same name as one in ${other}; ` +
          "rename one of them, as it is also the name of the output directory",
      );
    }
    files.set(name, file);
  }
}
