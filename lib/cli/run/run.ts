/**
 * The commands on simulations: `run`, `prepare`, `plan` and `merge`, each with its declaration in
 * `*_command.ts`, and the progress and the report that they print. Imports `../command`. Begin here.
 *
 * @module
 */
import { durationSchema, milliseconds } from "../../options/duration.ts";
import { runAll } from "../../sim/run/run_all.ts";
import { parseShard, shardOf } from "../../sim/shard/shard.ts";
import type { Simulation } from "../../sim/types/types.ts";
import { asInput } from "../command/bad_input.ts";
import { wantsColors } from "../command/colors.ts";
import { type Invocation, UsageError } from "../command/command.ts";
import type { RUN_OPTIONS } from "./run_command.ts";
import {
  type DisplayOptions,
  logDisplay,
  type ProgressDisplay,
  terminalDisplay,
} from "./display.ts";
import { type Binaries, keepBinaries, takeBinaries } from "./handover.ts";
import { INTERRUPTED, interruptible } from "../command/interrupt.ts";
import { untilStopped } from "../command/stop_signals.ts";
import type { Output } from "../command/output.ts";
import { renderPlan } from "./run_report.ts";
import { select } from "../command/select.ts";
import {
  type BinaryOptions,
  type BinaryProgress,
  checkOverrides,
  REAL_TOOLS,
  type SimulationTools,
} from "./simulation_tools.ts";
import { checkRunOutput, reportResults } from "./results.ts";

/**
 * The command `netyard run`: checks its input, builds the programs, becomes root if necessary, and runs the
 * simulations.
 *
 * @param tools tests replace them
 * @returns the exit code: 0 if all passed, 1 if not, 75 if that is inconclusive, 130 if it was interrupted
 * @throws {NetyardError} nothing could be run
 */
export async function run(
  invocation: Invocation<typeof RUN_OPTIONS>,
  tools: SimulationTools = REAL_TOOLS,
): Promise<number> {
  const { options, arguments: paths, stdout, stderr } = invocation;
  const settings = {
    jobs: options.jobs,
    seed: options.seed,
    workDir: options.workDir,
    record: options.record,
    retries: options.retries,
    timeoutMs: options.timeout === undefined ? undefined : timeLimit(options.timeout),
    command: ["netyard", ...invocation.line],
    run: tools.runner,
  };
  const shard = options.shard === undefined ? undefined : parseShard(options.shard);
  // With --json, the standard output is for the JSON alone.
  const human = options.json ? stderr : stdout;
  const colors = wantsColors(human, options, tools.environment);
  await checkRunOutput("run", options);
  checkOverrides("run", options.binary);
  const binaryOptions = { overrides: options.binary, noBuild: options.noBuild };
  const all = select(await tools.load(paths, binaryOptions), options.filter);
  const simulations = shard ? shardOf(all, shard) : all;
  await asInput(() => tools.check(simulations, binaryOptions));
  if (options.dryRun) {
    stdout.line(options.json ? planJson(simulations) : renderPlan(simulations));
    return 0;
  }

  const started = options.open ? [await tools.openViewer(options.workDir)] : [];
  let display: ProgressDisplay | undefined;
  const onInterrupt = () => {
    display?.ending();
    const text = "ending; press Ctrl-C again to exit now";
    display ? display.note(text) : stderr.line(text);
  };
  const summary = await interruptible(async (signal) => {
    const onProgress = (line: string) => stderr.line(line);
    const binaries = await getBinaries(
      simulations,
      { ...binaryOptions, signal, onProgress },
      tools,
      started,
    );
    tools.requireLab();
    using shown = displayOf(tools, human, {
      total: simulations.length,
      colors,
      verbose: options.verbose,
    });
    display = shown;
    return await runAll(simulations, {
      ...settings,
      signal,
      binaries,
      shard: shard && { ...shard, planned: all.map(({ name }) => name) },
      onEvent: (event) => shown.event(event),
    }).finally(() => display = undefined);
  }, onInterrupt);
  const exitCode = await reportResults(summary, options, { stdout, human, colors });
  if (options.open && human.terminal && exitCode !== INTERRUPTED) {
    human.line("the page is served until Ctrl-C");
    using stop = untilStopped();
    await new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
  }
  return exitCode;
}

/** The progress is redrawn on a terminal only, and not in CI, where a log is all that is kept. */
function displayOf(
  { environment }: SimulationTools,
  output: Output,
  options: Omit<DisplayOptions, "output">,
): ProgressDisplay {
  const ci = environment("CI") ?? "";
  const live = output.terminal && (ci === "" || ci === "false");
  return live ? terminalDisplay({ output, ...options }) : logDisplay({ output, ...options });
}

/** Parses `--timeout`, in milliseconds. */
function timeLimit(text: string): number {
  const { success } = durationSchema.safeParse(text);
  const ms = success ? milliseconds(text) : 0;
  if (ms > 0) return ms;
  throw new UsageError(
    `netyard run: --timeout is ${JSON.stringify(text)}, but must be a time such as 90s or 5m`,
  );
}

/**
 * Builds the programs of the simulations. A process that is not root builds them before it is restarted as
 * root of a user namespace, where it has no network.
 */
async function getBinaries(
  simulations: readonly Simulation[],
  options: BinaryOptions & BinaryProgress,
  tools: SimulationTools,
  variables: readonly string[],
): Promise<Binaries> {
  const kept = await takeBinaries(simulations, tools.environment);
  // Also needed after the restart: it brings the loopback interface up.
  if (kept || tools.capable()) tools.becomeRoot([...variables]);
  if (kept) return kept;
  const binaries = await tools.resolve(simulations, options);
  if (!tools.capable()) tools.becomeRoot([...variables, await keepBinaries(binaries)]);
  return binaries;
}

function planJson(simulations: readonly Simulation[]): string {
  const planned = simulations.map(({ name, file, variant, steps, binaries }) => ({
    name,
    file,
    variant,
    steps: steps.map(({ id, action, skipped }) => ({ id, action, skipped })),
    binaries: binaries.map(({ name, mode }) => ({ name, mode })),
  }));
  return JSON.stringify(planned, null, 2);
}
