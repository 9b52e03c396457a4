import type { GuestCommands } from "./agent_commands.ts";
import { checkCommand, commandText, execArguments, startFailure } from "./command_line.ts";
import { GuestCommandError, GuestDeadlineError } from "../options/errors.ts";
import { killAll, newMark, startExec, waitExec } from "./exec.ts";
import type { GuestContext } from "./guest_context.ts";
import type { RunOptions, RunResult, RunStatus } from "../options/run_types.ts";
import { signalName } from "./signals.ts";

type ExecStatus = GuestCommands["guest-exec-status"]["return"];

/** How long a killed command may take to end. */
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
  for (const bytes of [result.stdoutBytes, result.stderrBytes]) {
    const watcher = context.watch?.();
    watcher?.push(bytes);
    watcher?.end();
  }
  return result;
}

/** Converts the agent's report of how a command ended. */
export function runStatus({ exitcode, signal }: ExecStatus): RunStatus {
  return signal === undefined
    ? { exitCode: exitcode ?? 0, signal: null, status: "exited" }
    : { exitCode: 128 + signal, signal: signalName(signal), status: "signaled" };
}

/** Makes the result of a command; `what` is the call as the user wrote it. */
export function runResult(what: string, status: ExecStatus): RunResult {
  return new Result(what, status);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

class Result implements RunResult {
  readonly exitCode: number;
  readonly signal: string | null;
  readonly status: "exited" | "signaled";
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Uint8Array<ArrayBuffer>;
  readonly stderrBytes: Uint8Array<ArrayBuffer>;
  readonly truncated: boolean;
  #what: string;

  constructor(what: string, status: ExecStatus) {
    const { exitCode, signal, status: kind } = runStatus(status);
    this.exitCode = exitCode;
    this.signal = signal;
    this.status = kind;
    this.stdoutBytes = Uint8Array.fromBase64(status["out-data"] ?? "");
    this.stderrBytes = Uint8Array.fromBase64(status["err-data"] ?? "");
    this.stdout = decoder.decode(this.stdoutBytes);
    this.stderr = decoder.decode(this.stderrBytes);
    this.truncated = Boolean(status["out-truncated"] || status["err-truncated"]);
    this.#what = what;
  }

  ok(): boolean {
    return this.exitCode === 0;
  }

  assertOk(): this {
    if (!this.ok()) throw GuestCommandError.failed(this.#what, this);
    return this;
  }
}
