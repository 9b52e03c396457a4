import type { Simulation } from "./types.ts";

/** Reads simulations. */
export function loadSimulations(
  paths: readonly string[],
  options?: { cwd?: string },
): Promise<Simulation[]> {
  throw new Error(`not here yet: ${paths} ${options}`);
}
