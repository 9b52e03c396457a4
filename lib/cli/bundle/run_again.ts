/**
 * The commands on bundles: `replay` and `bisect-faults`, each with its declaration in `*_command.ts`. Imports
 * `bundle`, `events` and `../command`. Begin here: this runs what a bundle is about once more.
 *
 * @module
 */
import { join } from "node:path";
import { readFileText } from "../../../native/libc.ts";
import { type Bundle, BundleError, readBundle } from "../../bundle/read_bundle.ts";
import { failuresDirectory } from "../../bundle/failures.ts";
import { replayLine, simulationLine, workDirOf } from "../../bundle/replay_line.ts";
import { commandText } from "../../events/text.ts";
import { readRun } from "../../events/read_run.ts";
import type { LabEvent } from "../../events/types.ts";
import { FAULTS_VARIABLE, faultsText, onlyFaults as ownFaults } from "../../record/only_faults.ts";
import { UsageError } from "../command/command.ts";
import type { Output } from "../command/output.ts";
import { printable } from "../command/printable.ts";

/** A test or a simulation that can be run again. */
export interface Rerun {
  /** The program and its arguments, as they are shown. */
  shown: string[];
  program: string;
  args: string[];
  cwd: string | null;
  env: Record<string, string>;
  /** Where its own bundles go. */
  failures: string;
}

/** How it is run again. */
export interface RerunOptions {
  /** A directory for the runs. */
  runs: string;
  /** Where bundles go. Default: where those of the first run went. */
  failures?: string;
  /** The IDs of the faults that are injected. Default: `NETYARD_FAULTS`, or those of the first run. */
  faults?: readonly string[];
}

/** The result of a run. */
export interface RanAgain {
  passed: boolean;
  /** The run took too long, and was ended. */
  timedOut: boolean;
  /** Its bundle, if it failed and was recorded. */
  bundle: Bundle | undefined;
  /** Its events; undefined if they were recorded elsewhere, or not at all. */
  events: LabEvent[] | undefined;
}

/**
 * Prepares what a bundle is about to run again.
 *
 * @param line the command line of this process, after `netyard`
 * @throws {BundleError} It is neither a test of `deno test` nor a simulation.
 */
export function rerunOf(
  { info }: Bundle,
  line: readonly string[],
  { runs, failures, faults }: RerunOptions,
): Rerun {
  const { failed, seed, cwd, command, simulation, onlyFaults } = info;
  const simLine = simulation?.line ?? null;
  const where = failures ?? failuresDirectory(cwd ?? undefined, workDirOf(simLine));
  const restricted = faults ?? ownFaults() ?? onlyFaults ?? undefined;
  const common = {
    cwd,
    failures: where,
    env: {
      NETYARD_SEED: `${seed}`,
      NETYARD_RECORD: "on-failure",
      NETYARD_FAILURES: where,
      ...restricted && { [FAULTS_VARIABLE]: faultsText(restricted) },
    },
  };
  if (failed.kind !== "simulation") {
    const args = replayLine(failed, command);
    const env = { ...common.env, NETYARD_OUTDIR: runs };
    return { ...common, program: Deno.execPath(), args, shown: ["deno", ...args], env };
  }
  const args = simulationLine({ failed, seed, line: simLine, workDir: runs });
  const own = netyardArguments(line);
  return {
    ...common,
    program: Deno.execPath(),
    args: [...own, ...args],
    shown: ["netyard", ...args],
  };
}

/** The arguments of this process before its own command line: `run -A .../main.ts`. */
function netyardArguments(line: readonly string[]): string[] {
  const words = readFileText("/proc/self/cmdline").split("\0").slice(1, -1);
  if (line.every((word, i) => words[words.length - line.length + i] === word)) {
    return words.slice(0, words.length - line.length);
  }
  throw new BundleError("the command line of this process is not known, so it cannot be run again");
}

/** Asks whether the command of a bundle is run. */
export function isConfirmed(
  command: string,
  { info }: Bundle,
  { shown, cwd }: Rerun,
  { yes, stdout }: { yes: boolean; stdout: Output },
): boolean {
  const { kind, name } = info.failed;
  stdout.line(printable(`${kind} ${name}, with the seed ${info.seed}`, false));
  if (cwd !== null) stdout.line(printable(`in ${cwd}`, false));
  stdout.line(printable(commandText(shown), false));
  if (yes) return true;
  if (Deno.stdin.isTerminal()) return confirm("run it?");
  throw new UsageError(
    `netyard ${command} runs the command above, which comes from the bundle: add --yes if you trust it`,
  );
}

/**
 * Runs it, and reads what it recorded.
 *
 * @param timeoutMs after this time it is ended
 */
export async function runAgain(
  { info }: Bundle,
  { program, args, cwd, env, failures }: Rerun,
  { runs }: RerunOptions,
  { quiet = false, timeoutMs }: { quiet?: boolean; timeoutMs?: number } = {},
): Promise<RanAgain> {
  const known = new Set(await entries(failures));
  const child = new Deno.Command(program, {
    args,
    ...cwd !== null && { cwd },
    env,
    stdin: "null",
    ...quiet && { stdout: "null", stderr: "null" },
  }).spawn();
  let timedOut = false;
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => {
    timedOut = true;
    try {
      child.kill("SIGKILL"); // all that it started ends with it
    } catch {
      // It has just ended.
    }
  }, timeoutMs);
  const { success } = await child.status;
  clearTimeout(timer);
  const made = (await entries(failures)).filter((path) => !known.has(path));
  const bundles = await Promise.all(
    made.filter((path) => !path.endsWith(".zip")).map((path) => readBundle(path)),
  );
  const bundle = bundles.find(({ info: { failed } }) => failed.name === info.failed.name);
  const events = bundle?.events ?? await eventsOf(runs, info);
  return { passed: success, timedOut, bundle, events };
}

/** The events of the lab; undefined if it was recorded elsewhere, or not at all. */
async function eventsOf(
  runs: string,
  { failed, label }: Bundle["info"],
): Promise<LabEvent[] | undefined> {
  const paths = failed.kind === "simulation"
    ? [join(runs, "latest", failed.name)]
    : await entries(runs);
  for (const path of paths) {
    try {
      const { events, state } = await readRun(path);
      if (state.label === label || failed.kind === "simulation") return events;
    } catch {
      // The run of another lab that was ended, or none.
    }
  }
  return undefined;
}

async function entries(directory: string): Promise<string[]> {
  try {
    const names = await Array.fromAsync(Deno.readDir(directory), ({ name }) => name);
    return names.sort().map((name) => `${directory}/${name}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
