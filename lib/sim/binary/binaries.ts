/**
 * The programs that steps use as `${binary.NAME}`: how they are found, downloaded or built. One file for
 * each mode; `mode.ts` says which mode a `[[binary]]` has, and `override.ts` reads `--binary`. Imports
 * `files` and the types of simulations; knows no lab. Begin here, with {@link resolveBinaries}.
 *
 * @module
 */
import { isOpenForWriting } from "../../../native/files/writers.ts";
import { nearest } from "../../options/nearest.ts";
import { TomlError } from "../../toml/errors.ts";
import { builtBefore, CargoBuilds, checkBuild, checkPrepare } from "./cargo.ts";
import { checkCommand, commandBinary, commandOutput } from "./command.ts";
import { type BinaryContext, type BinaryOptions, contextOf } from "./context.ts";
import { checkEntrypoint, entrypointBinary, entrypointKept } from "./entrypoint.ts";
import { BinaryError } from "./error.ts";
import { checkFetch, fetchBinary } from "./fetch.ts";
import { override, parseOverride } from "./override.ts";
import { isBuiltByCargo, pathBinary } from "./path.ts";
import { targetBinary } from "./target.ts";
import type { BinarySpec, PrepareSpec, Simulation, Step } from "../types/types.ts";

export { BinaryError, type BinaryOptions };

/** The programs that simulations need. */
interface Needs {
  /** The programs that each simulation uses, by name. */
  uses: Map<Simulation, Map<string, BinarySpec>>;
  prepare: PrepareSpec[];
}

// How long killed builds may take to end.
const END_MS = 3000;

/**
 * Checks the programs of simulations as far as possible without a build or a download: the programs that
 * steps use are declared, files exist, and the tools that build them are installed.
 *
 * @throws {TomlError} If the files have faults: one line for each.
 * @throws {BinaryError} If an override has a fault.
 */
export async function checkBinaries(
  simulations: readonly Simulation[],
  options: BinaryOptions = {},
): Promise<void> {
  const context = contextOf(options, options.signal ?? new AbortController().signal);
  await check(context, needsOf(simulations, options, context));
}

/**
 * Provides the programs that the steps of simulations use: builds or downloads what is missing. A program
 * that several simulations use is built once. Builds run one after the other, downloads in parallel. If
 * one fails, all others end.
 *
 * @returns For each simulation the absolute paths of its programs, by name.
 * @throws The errors of {@linkcode checkBinaries}, before anything starts.
 * @throws {BinaryError} If a build or a download fails.
 * @throws The reason of the signal, if it is aborted.
 */
export async function resolveBinaries(
  simulations: readonly Simulation[],
  options: BinaryOptions = {},
): Promise<Map<Simulation, Map<string, string>>> {
  const failed = new AbortController();
  const outer = options.signal ? [options.signal] : [];
  const context = contextOf(options, AbortSignal.any([...outer, failed.signal]));
  const needs = needsOf(simulations, options, context);
  await check(context, needs);
  const paths = new Map<string, Promise<string>>();
  const work: Promise<unknown>[] = [];
  const track = <T>(promise: Promise<T>): Promise<T> => {
    promise.catch((error) => failed.abort(error)); // the first failure causes the others
    work.push(promise);
    return promise;
  };
  const cargo = new CargoBuilds(context);
  const waiting = new Map<string, () => Promise<string>>();
  const specs = new Map(
    [...needs.uses.values()].flatMap((uses) => [...uses.values()])
      .map((spec) => [keyOf(spec), spec]),
  );
  if (!context.noBuild) {
    for (const prepare of needs.prepare) await cargo.addPrepare(prepare);
    for (const [key, spec] of specs) {
      if (spec.mode === "build") waiting.set(key, await cargo.addBinary(spec));
    }
  }
  const built = track(cargo.runAll());
  for (const [key, spec] of specs) {
    const get = waiting.get(key) ?? (() => provided(context, spec));
    const path = cargo.any && isBuiltByCargo(context, spec) ? built.then(get) : get();
    paths.set(key, track(path));
  }
  await settled(work, options.signal);
  options.signal?.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  await Promise.all(Array.from(paths.values(), async (path) => await startable(await path)));
  const found = new Map<Simulation, Map<string, string>>();
  for (const [simulation, uses] of needs.uses) {
    const own = new Map<string, string>();
    for (const [name, spec] of uses) own.set(name, await paths.get(keyOf(spec))!);
    found.set(simulation, own);
  }
  return found;
}

type Act<T> = (context: BinaryContext, spec: BinarySpec) => Promise<T>;

/** How the programs of a mode are provided. Each function rejects if there is no such program. */
interface Provider {
  /** Returns the path of the program; builds or downloads it if it is missing. */
  provide: Act<string>;
  /** Returns the path of the program without building it. Default: as `provide`. */
  find?: Act<string>;
  /** Checks what can be checked before anything is built or downloaded. */
  check: Act<unknown>;
}

const PROVIDERS: Record<BinarySpec["mode"], Provider> = {
  path: { provide: pathBinary, check: pathBinary },
  fetch: { provide: fetchBinary, check: checkFetch },
  // `CargoBuilds` builds it before.
  build: { provide: builtBefore, find: builtBefore, check: checkBuild },
  target: { provide: inTarget, check: inTarget },
  entrypoint: {
    provide: entrypointBinary,
    find: async (context, spec) => {
      await checkEntrypoint(context, spec);
      return await entrypointKept(context, spec);
    },
    check: checkEntrypoint,
  },
  command: { provide: commandBinary, find: commandOutput, check: checkCommand },
};

function inTarget(context: BinaryContext, spec: BinarySpec): Promise<string> {
  return targetBinary(context, spec);
}

function provided(context: BinaryContext, spec: BinarySpec): Promise<string> {
  const { provide, find = provide } = PROVIDERS[spec.mode];
  return context.noBuild ? find(context, spec) : provide(context, spec);
}

/** How long a program may stay open for writing after it was written. */
const RELEASE_MS = 1_000;

/**
 * Waits until a program is no longer open for writing: until then it cannot be started (ETXTBSY). One that
 * somebody else writes all the time is left as it is.
 */
async function startable(program: string): Promise<void> {
  const deadline = performance.now() + RELEASE_MS;
  // Polls: the kernel does not report that the last writer is gone.
  while (isOpenForWriting(program) && performance.now() < deadline) {
    await new Promise((done) => setTimeout(done, 2));
  }
}

const keyOf = ({ origin, ...spec }: BinarySpec) => JSON.stringify([spec, origin.directory]);

/** Waits for all work; after an abort, for {@link END_MS} at most. */
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

function needsOf(
  simulations: readonly Simulation[],
  { overrides = [] }: BinaryOptions,
  { cwd }: BinaryContext,
): Needs {
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

/** Returns the binaries that a step uses, in any of its texts. */
function namesIn(step: Step): Set<string> {
  const text = JSON.stringify(step);
  return new Set(Array.from(text.matchAll(/\$\{binary\.([^}"]+)\}/g), ([, name]) => name));
}

async function check(context: BinaryContext, { uses, prepare }: Needs): Promise<void> {
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
  if (builds) {
    for (const spec of prepare) await collect(checkPrepare(context, spec));
  }
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
  if (cargoRuns && isBuiltByCargo(context, spec)) return; // looked up after cargo has run
  const { check, find } = PROVIDERS[spec.mode];
  await (context.noBuild && find ? find : check)(context, spec);
}

/** Throws if there are faults: a {@link TomlError} for faults in files. */
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
