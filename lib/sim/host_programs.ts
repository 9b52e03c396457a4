import { findProgram, openSearchPath } from "../../native/process/process.ts";
import { TomlError, type TomlFault } from "../toml/errors.ts";
import type { Simulation, Step } from "./types/types.ts";

/**
 * Checks that this host has the programs that steps call by name, such as `iperf3`. Programs with a path,
 * which an earlier step may make, and programs of virtual machines are not checked.
 *
 * @param searchPath The directories to search. Default: PATH, and the system's directories.
 * @throws {TomlError} If programs are missing: one line for each step.
 */
export function checkHostPrograms(
  simulations: readonly Simulation[],
  searchPath: readonly string[] = openSearchPath().split(":"),
): void {
  const known = new Map<string, boolean>();
  const faults = new Map<string, TomlFault>();
  for (const { steps, topology } of simulations) {
    for (const step of steps) {
      const name = hostProgram(step, Object.keys(topology.vms ?? {}));
      if (name === undefined) continue;
      if (!known.has(name)) known.set(name, findProgram(name, searchPath) !== undefined);
      if (known.get(name)) continue;
      const { where } = step.origin;
      const message = `"cmd" calls ${JSON.stringify(name)}, which is in no directory of PATH; ` +
        "install it, or write its path";
      faults.set(`${where} ${name}`, { where, message });
    }
  }
  if (faults.size > 0) throw new TomlError([...faults.values()]);
}

function hostProgram(step: Step, vms: readonly string[]): string | undefined {
  if (step.action !== "run" && step.action !== "spawn") return undefined;
  if (step.skipped || step.env.PATH !== undefined || vms.includes(step.device)) return undefined;
  return /[/$]/.test(step.cmd[0]) ? undefined : step.cmd[0];
}
