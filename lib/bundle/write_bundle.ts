import { drawingOfState } from "../drawing/state.ts";
import { drawingSvg } from "../drawing/svg.ts";
import { reduceAll } from "../events/reduce.ts";
import { readRun } from "../events/read_run.ts";
import { runName } from "../events/run_name.ts";
import type { LabEvent } from "../events/types.ts";
import { writeAtomically, writeJson } from "../files/atomic.ts";
import { describeFailure, type Place, type RunFailure } from "../record/failure.ts";
import type { Verdict } from "../record/verdict.ts";
import {
  type BundleInfo,
  bundleText,
  type Failed,
  type InjectedFault,
  type RunFacts,
  runningIn,
  scheduleOf,
  type SimulationFacts,
} from "./bundle_info.ts";
import { failureEvent, runFacts } from "./failures.ts";
import { pruneBundles } from "./prune.ts";
import { plainFiles, zipDirectory } from "./zip_directory.ts";

/** How many bundles stay in a directory. */
const KEEP = 20;
/** How much of a node's log is kept: its end. */
const MAX_LOG_BYTES = 16 * 2 ** 20;
/** A topology with more nodes is not drawn, since that would take minutes. */
const MAX_DRAWN = 300;

/** A failure of which a bundle is made. */
export interface Failure {
  failed: Failed;
  /** What was thrown. */
  error: unknown;
  /** The description of it, if another process writes the bundle. */
  described?: RunFailure;
  /** The facts about the process that failed, if another one writes the bundle. */
  facts?: RunFacts;
  /** The directory of the run, which is complete. */
  run: string;
  label: string;
  seed: number;
  linkEngine: string | null;
  verdict: Verdict;
  /** The place that failed, where the stack trace of the error does not tell it. */
  place?: Place;
  /** Faults that its events do not tell: those of a simulation, which are steps. */
  steps?: readonly InjectedFault[];
  /** Of a simulation: its step. */
  simulation?: SimulationFacts;
  /** Events after this one belong to the end of the lab; default: after the one that marks the failure. */
  lastSeq?: number;
  /** Directories of the run that are left out. */
  leftOut?: readonly string[];
  /** More files of the run, as JSON. */
  files?: Readonly<Record<string, unknown>>;
}

/**
 * Writes a bundle, and the same as a zip file beside it, and removes the oldest bundles.
 *
 * ```text
 * <directory>/20260102-030405-678-hello/
 *   failure.txt     the error, its source, what ran, in plain text
 *   bundle.json     the same as data, with the seed, the versions and the command line
 *   topology.svg    the lab at that moment
 *   run/            the directory of the run: events, state, logs
 * <directory>/20260102-030405-678-hello.zip
 * ```
 *
 * @returns the path of the bundle
 * @throws the error of the file system, or of reading the run
 */
export async function writeBundle(directory: string, failure: Failure): Promise<string> {
  const { failed, error, run, label, seed, linkEngine, verdict, simulation } = failure;
  const now = new Date();
  await Deno.mkdir(directory, { recursive: true });
  const events = untilFailure((await readRun(run)).events, failure);
  const state = reduceAll(events);
  const info: BundleInfo = {
    version: 1,
    failed,
    at: now.toISOString(),
    error: failure.described ?? await describeFailure(error, failure.place),
    label,
    seed,
    linkEngine,
    verdict,
    running: runningIn(state),
    faults: state.faults ?? {},
    schedule: [...failure.steps ?? [], ...scheduleOf(events)],
    ...simulation && { simulation },
    ...failure.facts ?? runFacts(),
  };
  const name = runName(label, now);
  const temporary = await Deno.makeTempDir({ dir: directory, prefix: `.${name}-` });
  try {
    await copyRun(run, `${temporary}/run`, failure.leftOut);
    for (const [name, content] of Object.entries(failure.files ?? {})) {
      await writeJson(`${temporary}/run/${name}`, content);
    }
    await writeAtomically(`${temporary}/failure.txt`, bundleText(info));
    const drawing = drawingOfState(state);
    if (drawing.nodes.length <= MAX_DRAWN) {
      await writeAtomically(`${temporary}/topology.svg`, await drawingSvg(drawing));
    }
    await writeJson(`${temporary}/bundle.json`, info);
    await Deno.chmod(temporary, 0o755);
    const bundle = await place(temporary, `${directory}/${name}`);
    await zipDirectory(bundle, `${bundle}.zip`);
    await pruneBundles(directory, KEEP);
    return bundle;
  } catch (error) {
    await Deno.remove(temporary, { recursive: true }).catch(() => {}); // it may have been placed
    throw error;
  }
}

/** The events up to the failure; all of them if it was not noted, since the lab was closed. */
function untilFailure(events: LabEvent[], { failed, lastSeq }: Failure): LabEvent[] {
  if (lastSeq !== undefined) return events.filter(({ seq }) => seq <= lastSeq);
  const name = failureEvent(failed);
  const at = events.findLastIndex((event) => event.kind === "custom" && event.name === name);
  return at < 0 ? events : events.slice(0, at + 1);
}

/** Renames a directory to a name that no other bundle has. */
async function place(from: string, to: string): Promise<string> {
  for (let n = 1;; n++) {
    const path = n === 1 ? to : `${to}-${n}`;
    try {
      await Deno.rename(from, path); // replaces an empty directory alone
      return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists) && !isNotEmpty(error)) throw error;
    }
  }
}

const isNotEmpty = (error: unknown) => (error as { code?: string }).code === "ENOTEMPTY";

async function copyRun(
  from: string,
  to: string,
  leftOut: readonly string[] = [],
): Promise<void> {
  for (const path of await plainFiles(from)) {
    if (leftOut.some((folder) => path.startsWith(`${folder}/`))) continue;
    await Deno.mkdir(`${to}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    const { size } = await Deno.stat(`${from}/${path}`);
    if (path.endsWith(".log") && size > MAX_LOG_BYTES) await copyEnd(from, to, path, size);
    else await Deno.copyFile(`${from}/${path}`, `${to}/${path}`);
  }
}

async function copyEnd(from: string, to: string, path: string, size: number): Promise<void> {
  using source = await Deno.open(`${from}/${path}`);
  const cut = size - MAX_LOG_BYTES;
  await source.seek(cut, Deno.SeekMode.Start);
  const notice = new TextEncoder().encode(`(the first ${cut} bytes are left out)\n`);
  await Deno.writeFile(`${to}/${path}`, notice);
  using target = await Deno.open(`${to}/${path}`, { append: true });
  await source.readable.pipeTo(target.writable);
}
