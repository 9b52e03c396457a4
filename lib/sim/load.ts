import type { Simulation } from "./types.ts";

/** Reads simulations. */
export function loadSimulations(
  _paths: readonly string[],
  _options?: { cwd?: string },
): Promise<Simulation[]> {
  return Promise.reject(new Error("not there yet"));
}
