import { dirname } from "node:path";
import { tinyBootFiles } from "../../vm/tiny/boot_files.ts";
import { asInput } from "../command/bad_input.ts";
import { type Invocation, UsageError } from "../command/command.ts";
import type { PREPARE_OPTIONS } from "./prepare_command.ts";
import { interruptible } from "../command/interrupt.ts";
import { checkOverrides, REAL_TOOLS, type SimulationTools } from "./simulation_tools.ts";

type PrepareInvocation = Invocation<typeof PREPARE_OPTIONS>;

/**
 * The command `netyard prepare`: builds the programs of simulations, or, without files, the boot files of
 * the profile `tiny`. It runs as the current user, in the host's network.
 *
 * @param tools tests replace them
 * @returns the exit code, 0
 */
export async function prepare(
  invocation: PrepareInvocation,
  tools: SimulationTools = REAL_TOOLS,
): Promise<number> {
  const { options, arguments: files, stdout, stderr } = invocation;
  if (files.length > 0) return await prepareBinaries(invocation, tools);
  if (options.binary.length > 0 || options.noBuild) {
    throw new UsageError("netyard prepare: --binary and --no-build need the files of simulations");
  }
  const { kernel } = await tinyBootFiles({ onProgress: (line) => stderr.line(line) });
  stdout.line(`the boot files of the profile "tiny" are in ${dirname(kernel)}`);
  return 0;
}

async function prepareBinaries(
  { options, arguments: files, stdout, stderr }: PrepareInvocation,
  tools: SimulationTools,
): Promise<number> {
  checkOverrides("prepare", options.binary);
  const binaryOptions = { overrides: options.binary, noBuild: options.noBuild };
  const simulations = await tools.load(files, binaryOptions);
  await asInput(() => tools.check(simulations, binaryOptions));
  const binaries = await interruptible(
    (signal) =>
      tools.resolve(simulations, {
        ...binaryOptions,
        signal,
        onProgress: (line) => stderr.line(line),
      }),
    () => stderr.line("ending; press Ctrl-C again to exit now"),
  );
  // The variants of a matrix have the same programs.
  const lines = [...binaries.values()].flatMap((paths) =>
    [...paths].map(([name, path]) => `${name}: ${path}`)
  );
  for (const line of new Set(lines)) stdout.line(line);
  if (lines.length === 0) stdout.line("these simulations have no programs to build");
  return 0;
}
