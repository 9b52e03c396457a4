/**
 * Loads simulations: reads a file and those that it extends, expands the matrix, templates, groups and
 * counted devices, and checks everything that can be known before a run, each fault with its file and
 * line. Imports the topologies of `lab/config`, and the steps' tables of `sim/step`. Begin here:
 * `simulationsOf()` calls the other files in order.
 *
 * @module
 */
import { basename } from "node:path";
import { milliseconds } from "../../options/duration.ts";
import { checkToml } from "../../toml/check.ts";
import { TomlError, type TomlFault } from "../../toml/errors.ts";
import { simulationFileSchema } from "../schema/file.ts";
import { isDirectoryName, RUN_FILES } from "../report/simulation_names.ts";
import type { Simulation } from "../types/types.ts";
import { declarationsOf } from "./declarations.ts";
import { filesExtendedBy } from "./extends.ts";
import { Faults } from "./faults.ts";
import { hasPlaceholder, substituteMatrix, type Variant, variantsOf } from "./matrix.ts";
import { stepsOf } from "./steps.ts";
import { topologyOf } from "./topology.ts";
import { type SimFile, Written } from "./written.ts";

/** The surroundings in which a file is loaded. */
export interface LoadContext {
  /** The working directory, absolute. */
  cwd: string;
  /** The names of binaries that the caller gives. */
  binaries: readonly string[];
}

/**
 * Returns the simulations of a file: one, or the variants of its matrix.
 *
 * @throws {TomlError} If the file, or one that it extends, has a fault.
 */
export async function simulationsOf(main: SimFile, context: LoadContext): Promise<Simulation[]> {
  const faults = new Faults();
  const shared = await faults.tryAsync(() => filesExtendedBy(main, context.cwd));
  const variants = faults.try(() => variantsOf(main.document));
  faults.throwIfAny();
  const files = [...shared!, main];
  // Computed once: all variants have the same lines.
  for (const { document } of files) document.line([]);

  const simulations: Simulation[] = [];
  const failures = new Map<string, { fault: TomlFault; variants: Variant[] }>();
  for (const variant of variants!) {
    try {
      simulations.push(await simulationOf(files, variant, context));
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      for (const fault of error.faults) {
        const key = `${fault.where}\n${fault.message}`;
        const known = failures.get(key) ?? { fault, variants: [] };
        known.variants.push(variant);
        failures.set(key, known);
      }
    }
  }
  for (const { fault, variants: failed } of failures.values()) {
    // A fault of all variants is not due to the matrix.
    const every = failed.length === variants!.length;
    faults.add(fault.where, fault.message + (every ? "" : ` (${describe(failed)})`));
  }
  faults.throwIfAny();
  return simulations;
}

function describe(variants: readonly Variant[]): string {
  const [first, ...rest] = variants;
  const axes = Object.entries(first.axes).map(([axis, value]) =>
    `${axis} = ${JSON.stringify(value)}`
  );
  return `where ${axes.join(", ")}` +
    (rest.length > 0 ? `, and in ${rest.length} more` : "");
}

async function simulationOf(
  files: readonly SimFile[],
  variant: Variant,
  { cwd, binaries: overrides }: LoadContext,
): Promise<Simulation> {
  const faults = new Faults();
  const original = files.at(-1)!;
  const own = files.flatMap((file) =>
    faults.try(() => substituteMatrix(file, variant.values, file !== original)) ?? []
  );
  faults.throwIfAny();
  const main = own.at(-1)!;
  const declarations = faults.try(() => declarationsOf(own));
  // One error has the faults of the topology and those of the tables.
  const tables = faults.try(() => checkToml(simulationFileSchema, main.document));
  const topology = tables && await faults.tryAsync(() => topologyOf(own, cwd));
  faults.throwIfAny();

  const { sim = {}, step: rawSteps = [] } = tables!;
  const steps = rawSteps.map((_, i) => Written.at(main, ["step", i]));
  const name = nameOf(original, sim.name, variant);
  const unfit = nameFault(name);
  if (unfit) {
    faults.add(
      main.document.where(["sim", "name"]),
      `the name of the simulation is ${
        JSON.stringify(name)
      }, but it ${unfit}, as it names a directory; ` +
        'give [sim] another "name"',
    );
  }
  const typed = stepsOf(
    steps,
    { declarations: declarations!, overrides, topology, simAt: main.document.where(["sim"]) },
    faults,
  );
  faults.throwIfAny();
  return {
    name,
    file: main.document.path,
    variant: variant.axes,
    topology: topology ?? {},
    binaries: [...declarations!.binaries.values()],
    prepare: declarations!.prepare,
    steps: typed,
    ...sim.timeout === undefined ? {} : { timeoutMs: milliseconds(sim.timeout) },
    ...sim.seed === undefined ? {} : { seed: sim.seed },
  };
}

function nameFault(name: string): string | undefined {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name) || name.includes("..")) {
    return 'must consist of letters, digits, "_", "-" and "."';
  }
  if (isDirectoryName(name)) return;
  return `must have at most 255 characters, and must not be one of ${RUN_FILES.join(", ")}`;
}

/** Returns the name of a variant: the given one or that of the file, with the values of the axes if it has none. */
function nameOf(original: SimFile, given: string | undefined, { axes }: Variant): string {
  const { path, value } = original.document;
  const name = given ?? basename(path).replace(/\.toml$/, "");
  const written = (value.sim as { name?: string } | undefined)?.name;
  if (written !== undefined && hasPlaceholder(written)) return name;
  // A value may have characters that a name must not have.
  const parts = Object.values(axes).map((each) => each.replace(/[^A-Za-z0-9._-]/g, "_"));
  return [name, ...parts].join("-");
}
