import { hasCapabilities } from "../../../native/process/capabilities.ts";
import { enterRootless } from "../../../native/process/reexec.ts";
import { requireLab } from "../../host/probe.ts";
import { checkBinaries, resolveBinaries } from "../../sim/binary/binaries.ts";
import { BinaryError } from "../../sim/binary/error.ts";
import { parseOverride } from "../../sim/binary/override.ts";
import { checkHostPrograms } from "../../sim/host_programs.ts";
import { loadSimulations } from "../../sim/load.ts";
import type { SimulationRunner } from "../../sim/types/run_types.ts";
import type { Simulation } from "../../sim/types/types.ts";
import { type Environment, processVariable } from "../command/colors.ts";
import { UsageError } from "../command/command.ts";
import type { Binaries } from "./handover.ts";

/** How the programs of simulations are built. */
export interface BinaryOptions {
  /** `NAME:MODE:VALUE`. */
  overrides: readonly string[];
  noBuild: boolean;
}

/** How the building of programs is interrupted and shown. */
export interface BinaryProgress {
  signal: AbortSignal;
  /** Called for each build and for each line of its output. */
  onProgress(line: string): void;
}

/** The parts of commands on simulations that tests replace. */
export interface SimulationTools {
  /** @param options the steps may name these programs too, besides those of the files */
  load(paths: readonly string[], options?: BinaryOptions): Promise<Simulation[]>;
  /** Refuses wrong programs, as far as they can be checked without building them. */
  check(simulations: readonly Simulation[], options: BinaryOptions): Promise<void>;
  resolve(
    simulations: readonly Simulation[],
    options: BinaryOptions & BinaryProgress,
  ): Promise<Binaries>;
  /** Whether this process has the capabilities to build labs. */
  capable(): boolean;
  /**
   * Restarts this process as root of a user namespace, if it has no capabilities.
   *
   * @param environment additional variables, as `NAME=value`
   */
  becomeRoot(environment: readonly string[]): void;
  /** Refuses a host on which no lab can be built. */
  requireLab(): void;
  /** Serves the page of the runs in a directory; returns a variable for {@linkcode becomeRoot}. */
  openViewer(directory: string): Promise<string>;
  environment: Environment;
  /** Replaces the runner of one simulation. */
  runner?: SimulationRunner;
}

/** The tools of the command itself. */
export const REAL_TOOLS: SimulationTools = {
  load: (paths, options) =>
    loadSimulations(paths, {
      binaries: options?.overrides.map((text) => parseOverride(text, ".").name),
    }),
  check: async (simulations, options) => {
    await checkBinaries(simulations, options);
    checkHostPrograms(simulations);
  },
  resolve: resolveBinaries,
  capable: hasCapabilities,
  becomeRoot: enterRootless,
  requireLab,
  openViewer: async (directory) =>
    (await import("../devtools/viewer.ts")).startViewer(directory, processVariable),
  environment: processVariable,
};

/**
 * Refuses values of `--binary` that cannot be parsed.
 *
 * @param command the name of the command
 */
export function checkOverrides(command: string, texts: readonly string[]): void {
  for (const text of texts) {
    try {
      parseOverride(text, ".");
    } catch (error) {
      if (!(error instanceof BinaryError)) throw error;
      const why = error.detail.replace(/^it must /, "must ");
      throw new UsageError(`netyard ${command}: --binary is ${JSON.stringify(text)}, but ${why}`);
    }
  }
}
