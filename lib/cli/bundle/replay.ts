import { type Bundle, readBundle } from "../../bundle/read_bundle.ts";
import { failuresDirectory } from "../../bundle/failures_directory.ts";
import { replayLine } from "../../bundle/replay_line.ts";
import { compareRuns } from "../../events/compare.ts";
import { readRun } from "../../events/read_run.ts";
import type { LabEvent } from "../../events/types.ts";
import { commandText } from "../../events/text.ts";
import { temporary } from "../../files/temporary.ts";
import { type Invocation, UsageError } from "../command/command.ts";
import type { Output } from "../command/output.ts";
import { printable } from "../command/printable.ts";
import { replayText } from "./replay_text.ts";
import type { REPLAY_OPTIONS } from "./replay_command.ts";

/**
 * The command `netyard replay`: runs the test of a bundle again, and compares what happened.
 *
 * @returns 0 if the test passed, 1 if it failed
 */
export async function replay(
  { options, arguments: [path], stdout }: Invocation<typeof REPLAY_OPTIONS>,
): Promise<number> {
  const bundle = await readBundle(path);
  const { info } = bundle;
  const args = replayLine(info.failed, info.command);
  stdout.line(printable(`test ${info.failed.name}, with the seed ${info.seed}`, false));
  if (info.cwd !== null) stdout.line(printable(`in ${info.cwd}`, false));
  stdout.line(printable(commandText(["deno", ...args]), false));
  if (!options.yes && !isConfirmed()) return 1;
  const failures = failuresDirectory(info.cwd ?? undefined);
  const known = new Set(await entries(failures));
  const runs = await Deno.makeTempDir({ dir: temporary(), prefix: "netyard-replay-" });
  try {
    const passed = await runTest(args, bundle, { runs, failures });
    const made = (await entries(failures)).filter((path) => !known.has(path));
    await report(stdout, bundle, { runs, made, passed });
    return passed ? 0 : 1;
  } finally {
    await Deno.remove(runs, { recursive: true });
  }
}

function isConfirmed(): boolean {
  if (Deno.stdin.isTerminal()) return confirm("run it?");
  throw new UsageError(
    "netyard replay runs the command above, which comes from the bundle: add --yes if you trust it",
  );
}

async function runTest(
  args: string[],
  { info }: Bundle,
  { runs, failures }: { runs: string; failures: string },
): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args,
    ...info.cwd !== null && { cwd: info.cwd },
    env: {
      NETYARD_SEED: `${info.seed}`,
      NETYARD_OUTDIR: runs,
      NETYARD_RECORD: "on-failure",
      NETYARD_FAILURES: failures,
    },
    stdin: "null",
  }).spawn().status;
  return success;
}

async function report(
  stdout: Output,
  { info, events }: Bundle,
  { runs, made, passed }: { runs: string; made: string[]; passed: boolean },
): Promise<void> {
  const bundles = made.filter((path) => !path.endsWith(".zip"));
  const failures = await Promise.all(bundles.map(readBundle));
  const again = failures.find(({ info: { failed } }) => failed.name === info.failed.name);
  const now = again?.events ?? await eventsOf(runs, info.label);
  stdout.line();
  const text = replayText({
    passed,
    before: info.error,
    after: again?.info.error,
    partings: now && compareRuns(withoutEnd(events), withoutEnd(now)),
  });
  for (const line of text) stdout.line(printable(line, false));
}

/** The events of the lab with a label; undefined if it was recorded elsewhere, or not at all. */
async function eventsOf(runs: string, label: string): Promise<LabEvent[] | undefined> {
  for (const path of await entries(runs)) {
    const { events, state } = await readRun(path);
    if (state.label === label) return events;
  }
  return undefined;
}

/** Events from the failure on are left out: those of closing the lab, which come in any order. */
function withoutEnd(events: LabEvent[]): LabEvent[] {
  const end = events.findIndex((event) =>
    event.kind === "lab-closed" || event.kind === "custom" && event.name === "test-failed"
  );
  return end < 0 ? events : events.slice(0, end);
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
