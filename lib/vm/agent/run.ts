import { checkCommand, commandText, execArguments, startFailure } from "./command_line.ts";
import { GuestDeadlineError } from "../options/errors.ts";
import { killAll, newMark, startExec, waitExec } from "./exec.ts";
import type { GuestContext } from "./guest_context.ts";
import { runResult } from "./run_result.ts";
import type { RunOptions, RunResult } from "../options/run_types.ts";

/** How long a command that was killed may take to be gone. */
const GONE_WITHIN_MS = 5000;

/** Runs a command in the guest to its end. */
export async function run(
  context: GuestContext,
  command: string | string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const what = commandText(context.label, "run", command);
  checkCommand(command, options, what);
  const { timeoutMs = 30_000 * context.timeoutFactor } = options;
  const deadline = performance.now() + timeoutMs;
  const mark = newMark();
  const pid = await startExec(context, execArguments(command, options, mark), what);
  const status = await waitExec(context, pid, deadline, what);
  if (!status) {
    await killAll(context, { signal: "KILL", mark, pid }, what);
    const end = performance.now() + GONE_WITHIN_MS * context.timeoutFactor;
    const late = await waitExec(context, pid, end, what);
    throw new GuestDeadlineError(what, timeoutMs, late && runResult(what, late));
  }
  const result = runResult(what, status);
  const failure = startFailure(what, command, options, result);
  if (failure) throw failure;
  return result;
}
