import { basename } from "node:path";
import type { LabConfig } from "../../lab/config/types.ts";
import { topologyFrom } from "../../lab/config/toml.ts";
import { nearest } from "../../options/nearest.ts";
import { loadSimulations } from "../../sim/load.ts";
import { TomlDocument } from "../../toml/document.ts";
import { UsageError } from "../command/command.ts";

/** A network that a file describes. */
export interface NamedTopology {
  /** What it is called: the simulation, or the file. */
  title: string;
  config: LabConfig;
}

/** The tables of a simulation that a topology has not. */
const OF_SIMULATIONS = [
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
 * Reads the network of a topology file, or of a simulation: of a matrix, that of the variant that is
 * named, or the first.
 *
 * @throws {TomlError} If it is not as it must be.
 * @throws {UsageError} If it has no such variant.
 */
export async function readTopology(path: string, variant?: string): Promise<NamedTopology> {
  const document = await TomlDocument.read(path);
  if (!OF_SIMULATIONS.some((table) => table in document.value)) {
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
