import type { Simulation } from "./types.ts";

/** How binaries are got. */
export interface BinaryOptions {
  overrides?: readonly string[];
  noBuild?: boolean;
  signal?: AbortSignal;
  onProgress?(line: string): void;
  cwd?: string;
}

/** Gets them. */
export function resolveBinaries(
  simulations: readonly Simulation[],
  options: BinaryOptions,
): Promise<Map<Simulation, Map<string, string>>> {
  throw new Error(`not here yet: ${simulations} ${options}`);
}

/** Checks them. */
export function checkBinaries(
  simulations: readonly Simulation[],
  options: BinaryOptions,
): Promise<void> {
  throw new Error(`not here yet: ${simulations} ${options}`);
}
