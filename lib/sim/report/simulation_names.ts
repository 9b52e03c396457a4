import { SimulationNameError } from "./errors.ts";

/** What a run directory has of its own beside the directories of its simulations. */
export const RUN_FILES = [
  "manifest.json",
  "progress.json",
  "combined-results.json",
  "combined-results.md",
] as const;

/** Whether a name can be that of a directory in the run's, which it must not leave. */
export function isDirectoryName(name: string): boolean {
  return name.length > 0 && !/^\.|[/\0]/.test(name) &&
    new TextEncoder().encode(name).length <= 255 &&
    !RUN_FILES.some((file) => file === name);
}

/**
 * Checks that simulations can be run together.
 *
 * @throws {SimulationNameError} A name that no directory can have, or that two have.
 */
export function checkNames(simulations: readonly { name: string; file: string }[]): void {
  const files = new Map<string, string>();
  for (const { name, file } of simulations) {
    if (!isDirectoryName(name)) {
      throw new SimulationNameError(
        `${file}: the simulation's name ${JSON.stringify(name)} must be one that a directory can ` +
          `have: no "/", no "." at its start, at most 255 bytes, and none of ${
            RUN_FILES.join(", ")
          }`,
      );
    }
    const other = files.get(name);
    if (other !== undefined) {
      throw new SimulationNameError(
        `${file}: the simulation ${name} has the name of one in ${other}; ` +
          "each needs its own, as its outputs go by it",
      );
    }
    files.set(name, file);
  }
}
