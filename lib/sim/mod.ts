/**
 * Simulations in TOML files, for scripts: everything that the command `netyard run` does. A simulation
 * is a network and steps: programs that run in it, changes of it, and checks.
 *
 * ```ts ignore
 * import "@netyard/netyard/rootless";
 * import { loadSimulations, resolveBinaries, runAll } from "@netyard/netyard/sim";
 *
 * const simulations = await loadSimulations(["sims/"]);
 * const binaries = await resolveBinaries(simulations);
 * const { status, directory } = await runAll(simulations, { binaries, workDir: "results", jobs: 2 });
 * console.log(status, directory);
 * ```
 *
 * @module
 */
export { loadSimulations, type LoadSimulationsOptions } from "./load.ts";
export { type BinaryOptions, checkBinaries, resolveBinaries } from "./binary/binaries.ts";
export { runSimulation } from "./run/run_simulation.ts";
export { runAll } from "./run/run_all.ts";
export type * from "./types/types.ts";
export type * from "./types/run_types.ts";
