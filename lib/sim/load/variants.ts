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

/** What a file is loaded with. */
export interface LoadContext {
  /** The working directory, absolute. */
  cwd: string;
  /** The names of binaries that are given from outside. */
  binaries: readonly string[];
}

/**
 * The simulations of a file: one, or those of its matrix.
 *
 * @throws {TomlError} If it, or one that it extends, is not as it must be.
 */
export async function simulationsOf(main: SimFile, context: LoadContext): Promise<Simulation[]> {
  const faults = new Faults();
  const shared = await faults.trying(() => filesExtendedBy(main, context.cwd));
  const variants = faults.try(() => variantsOf(main.document));
  faults.throwIfAny();
  const files = [...shared!, main];
  // The variants have the lines in common.
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
    // What is wrong in each of them is not due to the matrix.
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
  // What is wrong with the topology is told at once with what is wrong in the tables.
  const tables = faults.try(() => checkToml(simulationFileSchema, main.document));
  const topology = tables && await faults.trying(() => topologyOf(own, cwd));
  faults.throwIfAny();

  const { sim = {}, step: rawSteps = [] } = tables!;
  const steps = rawSteps.map((_, i) => Written.at(main, ["step", i]));
  const name = nameOf(original, sim.name, variant);
  const unfit = nameFault(name);
  if (unfit) {
    faults.add(
      main.document.where(["sim", "name"]),
      `the simulation is called ${
        JSON.stringify(name)
      }, but its name ${unfit}, as it is that of a ` +
        'directory; give [sim] another "name"',
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
    return 'must be of letters, digits, "_", "-" and "."';
  }
  if (isDirectoryName(name)) return;
  return `must have at most 255 characters, and be none of ${RUN_FILES.join(", ")}`;
}

/** The name that a variant is given, or else that of the file; with its values, if it does not have them. */
function nameOf(original: SimFile, given: string | undefined, { axes }: Variant): string {
  const { path, value } = original.document;
  const name = given ?? basename(path).replace(/\.toml$/, "");
  const written = (value.sim as { name?: string } | undefined)?.name;
  if (written !== undefined && hasPlaceholder(written)) return name;
  // A value may be what a name may not.
  const parts = Object.values(axes).map((each) => each.replace(/[^A-Za-z0-9._-]/g, "_"));
  return [name, ...parts].join("-");
}
