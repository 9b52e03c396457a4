import { basename } from "node:path";
import type { LabConfig } from "../../lab/config/types.ts";
import { topologyFrom } from "../../lab/config/toml.ts";
import { nearest } from "../../options/nearest.ts";
import { loadSimulations } from "../../sim/load.ts";
import { TomlDocument } from "../../toml/document.ts";
import { UsageError } from "../command/command.ts";

/** The network that a file describes. */
export interface NamedTopology {
  /** The name of the simulation, or of the file. */
  title: string;
  config: LabConfig;
}

/** The tables that a simulation has and a topology has not. */
const SIMULATION_TABLES = [
  "sim",
  "step",
  "matrix",
  "extends",
  "binary",
  "prepare",
  "step-template",
  "step-group",
];

/**
 * Reads the network of a topology file, or of a simulation; for a matrix, that of the requested variant, or of
 * the first.
 *
 * @throws {TomlError} the file is not valid
 * @throws {UsageError} the file has no such variant
 */
export async function readTopology(path: string, variant?: string): Promise<NamedTopology> {
  const document = await TomlDocument.read(path);
  if (!SIMULATION_TABLES.some((table) => table in document.value)) {
    if (variant !== undefined) {
      throw new UsageError(`--variant is for simulations, and ${path} is a topology`);
    }
    return { title: basename(path, ".toml"), config: topologyFrom(document) };
  }
  const simulations = await loadSimulations([path]);
  const found = variant === undefined
    ? simulations[0]
    : simulations.find(({ name }) => name === variant);
  if (!found) {
    const names = simulations.map(({ name }) => name);
    const meant = variant === undefined ? undefined : nearest(variant, names);
    const question = meant === undefined ? "" : `; did you mean "${meant}"?`;
    throw new UsageError(
      `${path} has no simulation "${variant}"; it has: ${names.join(", ")}${question}`,
    );
  }
  return { title: found.name, config: found.topology };
}
