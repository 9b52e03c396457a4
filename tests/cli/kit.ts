/** Helpers for the tests of commands: outputs that keep their text, and fake simulations. */
import { dispatch } from "../../lib/cli/dispatch.ts";
import { type Command, defineCommand, type Invocation } from "../../lib/cli/command/command.ts";
import { type RUN_OPTIONS, runCommand } from "../../lib/cli/run/run_command.ts";
import type { Output } from "../../lib/cli/command/output.ts";
import { run } from "../../lib/cli/run/run.ts";
import type { SimulationTools } from "../../lib/cli/run/simulation_tools.ts";
import type { SimulationRunner } from "../../lib/sim/types/run_types.ts";
import type { Simulation, SimulationOutcome, WaitStep } from "../../lib/sim/types/types.ts";

/** An output that keeps its text. */
export interface KeptOutput extends Output {
  readonly text: string;
}

/** Creates a {@linkcode KeptOutput}. */
export function keptOutput(terminal = false): KeptOutput {
  let text = "";
  const write = (more: string) => void (text += more);
  return {
    write,
    line: (more = "") => write(`${more}\n`),
    terminal,
    columns: 80,
    rows: 24,
    get text() {
      return text;
    },
  };
}

/** Runs a command line, and returns its exit code and output. */
export async function called(commands: readonly Command[], ...args: string[]) {
  const [stdout, stderr] = [keptOutput(), keptOutput()];
  const code = await dispatch(commands, args, { stdout, stderr });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** A simulation of steps that wait. */
export function simulation(name: string, steps = 2): Simulation {
  const step = (number: number): WaitStep => ({
    id: `step-${number}`,
    action: "wait",
    requires: [],
    durationMs: 0,
    skipped: false,
    origin: { where: `sims/${name}.toml:${number * 4}`, directory: "sims" },
  });
  return {
    name,
    file: `sims/${name}.toml`,
    variant: {},
    topology: {},
    binaries: [],
    prepare: [],
    steps: Array.from({ length: steps }, (_, i) => step(i + 1)),
  };
}

/** The outcome of a simulation. */
export function outcome(
  { name, file, variant }: Simulation,
  more: Partial<SimulationOutcome> = {},
): SimulationOutcome {
  return {
    name,
    file,
    variant,
    status: "passed",
    startedAt: "2026-01-02T03:04:05.000Z",
    endedAt: "2026-01-02T03:04:06.500Z",
    durationMs: 1_500,
    steps: [],
    captures: {},
    results: [],
    warnings: [],
    ...more,
  };
}

/** The outcome of a simulation in which a program failed. */
export function failed(of: Simulation): SimulationOutcome {
  return outcome(of, {
    status: "failed",
    failure: {
      step: 2,
      id: "fetch",
      action: "run",
      device: "laptop",
      where: `${of.file}:8`,
      message: "curl ended with exit code 7\nit must be 0",
      command: ["curl", "-s", "http://10.0.0.2/a b"],
      exitCode: 7,
      stderr: ["curl: (7) Failed to connect"],
      logs: ["nodes/laptop/stderr.log", "nodes/laptop/stdout.log"],
    },
  });
}

/** Fake tools: simulations whose name begins with "bad" fail, and others pass. */
export function fakeTools(
  simulations: readonly Simulation[],
  more: Partial<SimulationTools> = {},
): SimulationTools {
  const runner: SimulationRunner = (each, { onProgress, onLine }) => {
    onProgress?.({ step: 1, steps: each.steps.length, doing: "wait 0 ms" });
    onLine?.({ node: "laptop", stream: "stdout", text: `hello from ${each.name}` });
    return Promise.resolve(each.name.startsWith("bad") ? failed(each) : outcome(each));
  };
  return {
    load: () => Promise.resolve([...simulations]),
    check: () => Promise.resolve(),
    resolve: (all) => Promise.resolve(new Map(all.map((each) => [each, new Map()]))),
    capable: () => true,
    becomeRoot: () => {},
    requireLab: () => {},
    openViewer: () => Promise.resolve("NETYARD_SERVED=1"),
    environment: () => undefined,
    runner,
    ...more,
  };
}

/** `netyard run` with other tools. */
export function runCommandBy(tools: SimulationTools): Command {
  return defineCommand({
    ...runCommand,
    load: () => Promise.resolve((call: Invocation<typeof RUN_OPTIONS>) => run(call, tools)),
  });
}

/** Calls a function with a temporary directory. */
export async function inDirectory<T>(act: (directory: string) => Promise<T>): Promise<T> {
  const directory = await Deno.makeTempDir();
  try {
    return await act(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
