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
import { interruptible } from "../command/interrupt.ts";
import type { Output } from "../command/output.ts";
import { renderPlan } from "./run_report.ts";
import { select } from "../command/select.ts";
import {
  type BinaryProgress,
  type BinaryWishes,
  checkOverrides,
  REAL_TOOLS,
  type SimulationTools,
} from "./simulation_tools.ts";
import { checkRunOutput, tellRun } from "./tell_run.ts";

/**
 * The command `netyard run`: checks all that it is given, gets the programs, becomes root where it is
 * not, and runs the simulations.
 *
 * @param tools What it works by; tests have their own.
 * @returns the exit code: 0 when all passed, 1 when not, 130 when it was interrupted.
 * @throws {NetyardError} where nothing could be run.
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
    timeoutMs: options.timeout === undefined ? undefined : timeLimit(options.timeout),
    command: ["netyard", ...invocation.line],
    run: tools.runner,
  };
  const shard = options.shard === undefined ? undefined : parseShard(options.shard);
  // With --json, the standard output is for programs.
  const human = options.json ? stderr : stdout;
  const colors = wantsColors(human, options, tools.environment);
  await checkRunOutput("run", options);
  checkOverrides("run", options.binary);
  const wishes = { overrides: options.binary, noBuild: options.noBuild };
  const all = select(await tools.load(paths, wishes), options.filter);
  const simulations = shard ? shardOf(all, shard) : all;
  await asInput(() => tools.check(simulations, wishes));
  if (options.dryRun) {
    stdout.line(options.json ? planJson(simulations) : renderPlan(simulations));
    return 0;
  }

  let display: ProgressDisplay | undefined;
  const onInterrupt = () => {
    display?.ending();
    const text = "ending; Ctrl-C again ends at once";
    display ? display.note(text) : stderr.line(text);
  };
  const summary = await interruptible(async (signal) => {
    const onProgress = (line: string) => stderr.line(line);
    const binaries = await getBinaries(simulations, { ...wishes, signal, onProgress }, tools);
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
  return await tellRun(summary, options, { stdout, human, colors });
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

/** Milliseconds of what `--timeout` says. */
function timeLimit(text: string): number {
  const { success } = durationSchema.safeParse(text);
  const ms = success ? milliseconds(text) : 0;
  if (ms > 0) return ms;
  throw new UsageError(
    `netyard run: --timeout is ${JSON.stringify(text)}, but must be a time such as 90s or 5m`,
  );
}

/**
 * The programs of the simulations. A process that is not root gets them first, for as root of a user
 * namespace it has no network, and is then started again.
 */
async function getBinaries(
  simulations: readonly Simulation[],
  options: BinaryWishes & BinaryProgress,
  tools: SimulationTools,
): Promise<Binaries> {
  const kept = await takeBinaries(simulations, tools.environment);
  // It raises the loopback where the process is started again.
  if (kept || tools.capable()) tools.becomeRoot([]);
  if (kept) return kept;
  const binaries = await tools.resolve(simulations, options);
  if (!tools.capable()) tools.becomeRoot([await keepBinaries(binaries)]);
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
