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

/** Which programs simulations get. */
export interface BinaryWishes {
  /** `NAME:MODE:VALUE`. */
  overrides: readonly string[];
  noBuild: boolean;
}

/** How programs are got. */
export interface BinaryProgress {
  signal: AbortSignal;
  /** Told what is built, and what that prints. */
  onProgress(line: string): void;
}

/** What commands on simulations work by; tests have their own. */
export interface SimulationTools {
  /** @param wishes Besides the programs of the files, those that are given may be named in them. */
  load(paths: readonly string[], wishes?: BinaryWishes): Promise<Simulation[]>;
  /** Refuses what is wrong with programs, as far as it is known without building any. */
  check(simulations: readonly Simulation[], wishes: BinaryWishes): Promise<void>;
  resolve(
    simulations: readonly Simulation[],
    options: BinaryWishes & BinaryProgress,
  ): Promise<Binaries>;
  /** Whether this process may make labs as it is. */
  capable(): boolean;
  /**
   * Starts this process again as root of a user namespace.
   *
   * @param environment Variables that it gets besides, as `NAME=value`.
   */
  becomeRoot(environment: readonly string[]): void;
  /** Refuses a host that lacks what labs need. */
  requireLab(): void;
  environment: Environment;
  /** What runs one simulation, in place of the real one. */
  runner?: SimulationRunner;
}

/** Those of the command. */
export const REAL_TOOLS: SimulationTools = {
  load: (paths, wishes) =>
    loadSimulations(paths, {
      binaries: wishes?.overrides.map((text) => parseOverride(text, ".").name),
    }),
  check: async (simulations, wishes) => {
    await checkBinaries(simulations, wishes);
    checkHostPrograms(simulations);
  },
  resolve: resolveBinaries,
  capable: hasCapabilities,
  becomeRoot: enterRootless,
  requireLab,
  environment: processVariable,
};

/**
 * Refuses values of `--binary` that are not of its form.
 *
 * @param command Whose option it is.
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
