import { nearest } from "../../options/nearest.ts";
import { TomlError } from "../../toml/errors.ts";
import { builtBefore, CargoBuilds, checkBuild, checkPrepare } from "./cargo.ts";
import { checkCommand, commandBinary, commandOutput } from "./command.ts";
import { type BinaryContext, type BinaryOptions, contextOf } from "./context.ts";
import { checkEntrypoint, entrypointBinary, entrypointKept } from "./entrypoint.ts";
import { BinaryError } from "./error.ts";
import { checkFetch, fetchBinary } from "./fetch.ts";
import { override, parseOverride } from "./override.ts";
import { isMadeByCargo, pathBinary } from "./path.ts";
import { targetBinary } from "./target.ts";
import type { BinarySpec, PrepareSpec, Simulation, Step } from "../types/types.ts";

export { BinaryError, type BinaryOptions };

/** What is to be had for all simulations. */
interface Plan {
  /** The programs that each of them uses, by name. */
  uses: Map<Simulation, Map<string, BinarySpec>>;
  prepare: PrepareSpec[];
}

// What is killed needs a moment to go.
const END_MS = 3000;

/**
 * Checks all that can be known of the programs of simulations without building or downloading: that
 * those which steps name are declared and there, and that what builds them is installed.
 *
 * @throws {TomlError} If something is wrong in the files, one line for each.
 * @throws {BinaryError} If something is wrong in an override.
 */
export async function checkBinaries(
  simulations: readonly Simulation[],
  options: BinaryOptions = {},
): Promise<void> {
  const context = contextOf(options, options.signal ?? new AbortController().signal);
  await check(context, planOf(simulations, options, context));
}

/**
 * Has the programs that the steps of simulations name: builds and downloads what is not there. What
 * several simulations share is made once; cargo and other builds run one after the other, downloads at
 * once. If one fails, all others are ended.
 *
 * @returns For each simulation the paths of its programs, absolute, by name.
 * @throws What {@linkcode checkBinaries} does, before anything is started.
 * @throws {BinaryError} If a build or a download fails.
 * @throws What the signal is aborted with.
 */
export async function resolveBinaries(
  simulations: readonly Simulation[],
  options: BinaryOptions = {},
): Promise<Map<Simulation, Map<string, string>>> {
  const failed = new AbortController();
  const outer = options.signal ? [options.signal] : [];
  const context = contextOf(options, AbortSignal.any([...outer, failed.signal]));
  const plan = planOf(simulations, options, context);
  await check(context, plan);
  const paths = new Map<string, Promise<string>>();
  const work: Promise<unknown>[] = [];
  const also = <T>(promise: Promise<T>): Promise<T> => {
    promise.catch((error) => failed.abort(error)); // the first is the cause of the others
    work.push(promise);
    return promise;
  };
  const cargo = new CargoBuilds(context);
  const waiting = new Map<string, () => Promise<string>>();
  const specs = new Map(
    [...plan.uses.values()].flatMap((uses) => [...uses.values()])
      .map((spec) => [keyOf(spec), spec]),
  );
  if (!context.noBuild) {
    for (const prepare of plan.prepare) await cargo.addPrepare(prepare);
    for (const [key, spec] of specs) {
      if (spec.mode === "build") waiting.set(key, await cargo.addBinary(spec));
    }
  }
  const built = also(cargo.runAll());
  for (const [key, spec] of specs) {
    const get = waiting.get(key) ?? (() => MAKE[spec.mode](context, spec));
    const path = cargo.any && isMadeByCargo(context, spec) ? built.then(get) : get();
    paths.set(key, also(path));
  }
  await settled(work, options.signal);
  options.signal?.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  const found = new Map<Simulation, Map<string, string>>();
  for (const [simulation, uses] of plan.uses) {
    const own = new Map<string, string>();
    for (const [name, spec] of uses) own.set(name, await paths.get(keyOf(spec))!);
    found.set(simulation, own);
  }
  return found;
}

const MAKE: Record<
  BinarySpec["mode"],
  (context: BinaryContext, spec: BinarySpec) => Promise<string>
> = {
  path: pathBinary,
  fetch: fetchBinary,
  build: builtBefore, // where something may be built, the builds make it
  target: (context, spec) => targetBinary(context, spec),
  entrypoint: (context, spec) =>
    context.noBuild ? entrypointKept(context, spec) : entrypointBinary(context, spec),
  command: (context, spec) =>
    context.noBuild ? commandOutput(context, spec) : commandBinary(context, spec),
};

const keyOf = ({ origin, ...spec }: BinarySpec) => JSON.stringify([spec, origin.directory]);

/** Waits for all of it; once it is aborted, only for a moment. */
async function settled(work: Promise<unknown>[], signal: AbortSignal | undefined): Promise<void> {
  const all = Promise.allSettled(work);
  const { promise: late, resolve } = Promise.withResolvers<void>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onAbort = () => timer = setTimeout(resolve, END_MS);
  signal?.addEventListener("abort", onAbort);
  try {
    await Promise.race([all, late]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    clearTimeout(timer);
  }
}

function planOf(
  simulations: readonly Simulation[],
  { overrides = [] }: BinaryOptions,
  { cwd }: BinaryContext,
): Plan {
  const over = new Map(overrides.map((text) => parseOverride(text, cwd)).map((o) => [o.name, o]));
  const faults: BinaryError[] = [];
  const uses = new Map<Simulation, Map<string, BinarySpec>>();
  for (const simulation of simulations) {
    const declared = new Map(simulation.binaries.map((spec) => [spec.name, spec]));
    const used = new Map<string, BinarySpec>();
    uses.set(simulation, used);
    for (const step of simulation.steps) {
      for (const name of step.skipped ? [] : namesIn(step)) {
        const own = declared.get(name);
        const other = over.get(name);
        const spec = other ? override(other, own) : own;
        if (spec) {
          used.set(name, spec);
          continue;
        }
        const near = nearest(name, [...declared.keys(), ...over.keys()]);
        faults.push(
          new BinaryError(
            step.origin.where,
            `"\${binary.${name}}" names no [[binary]]` +
              (near ? `; did you mean "${near}"?` : ": declare it, or give it by --binary"),
          ),
        );
      }
    }
  }
  const known = new Set(simulations.flatMap(({ binaries }) => binaries.map(({ name }) => name)));
  for (const used of uses.values()) for (const name of used.keys()) known.add(name);
  for (const { name, origin } of over.values()) {
    if (known.has(name)) continue;
    const near = nearest(name, known);
    const what = `no simulation has a binary "${name}"`;
    const hint = near ? `; did you mean "${near}"?` : "";
    faults.push(new BinaryError(origin.where, what + hint));
  }
  refuse(faults);
  return { uses, prepare: simulations.flatMap(({ prepare }) => prepare) };
}

/** The binaries that a step names, wherever it has text. */
function namesIn(step: Step): Set<string> {
  const text = JSON.stringify(step);
  return new Set(Array.from(text.matchAll(/\$\{binary\.([^}"]+)\}/g), ([, name]) => name));
}

async function check(context: BinaryContext, { uses, prepare }: Plan): Promise<void> {
  const faults: BinaryError[] = [];
  const collect = async (checked: Promise<unknown>) => {
    try {
      await checked;
    } catch (error) {
      if (!(error instanceof BinaryError)) throw error;
      if (!faults.some(({ message }) => message === error.message)) faults.push(error);
    }
  };
  const builds = !context.noBuild;
  if (builds) { for (const spec of prepare) await collect(checkPrepare(context, spec)); }
  const specs = [...uses.values()].flatMap((used) => [...used.values()]);
  const cargoRuns = builds && (prepare.length > 0 || specs.some(({ mode }) => mode === "build"));
  const checked = new Set<string>();
  for (const spec of specs) {
    const key = keyOf(spec);
    if (checked.has(key)) continue;
    checked.add(key);
    await collect(checkOne(context, spec, cargoRuns));
  }
  refuse(faults);
}

async function checkOne(
  context: BinaryContext,
  spec: BinarySpec,
  cargoRuns: boolean,
): Promise<void> {
  switch (spec.mode) {
    case "path":
    case "target":
      if (cargoRuns && isMadeByCargo(context, spec)) return; // looked for when it has run
      await MAKE[spec.mode](context, spec);
      return;
    case "fetch":
      return await checkFetch(context, spec);
    case "build":
      if (context.noBuild) await builtBefore(context, spec);
      else await checkBuild(context, spec);
      return;
    case "entrypoint":
      await checkEntrypoint(context, spec);
      if (context.noBuild) await entrypointKept(context, spec);
      return;
    case "command":
      if (context.noBuild) await commandOutput(context, spec);
      else await checkCommand(context, spec);
      return;
  }
}

/** Fails if there are faults: those of files are TOML errors. */
function refuse(faults: readonly BinaryError[]): void {
  if (faults.length === 0) return;
  if (faults.every(({ where }) => where.startsWith("--binary "))) {
    const [first, ...rest] = faults;
    throw new BinaryError(first.where, [first.detail, ...rest.map((e) => e.message)].join("\n"));
  }
  throw new TomlError(faults.map(({ where, detail }) => ({ where, message: detail })), {
    cause: faults[0],
  });
}
