import type { GuestCommands } from "./agent_commands.ts";
import { GuestCommandError } from "../options/errors.ts";
import type { RunResult, RunStatus } from "../options/run_types.ts";
import { signalName } from "./signals.ts";

type ExecStatus = GuestCommands["guest-exec-status"]["return"];

/** How a command ended, from what the agent says of it. */
export function runStatus({ exitcode, signal }: ExecStatus): RunStatus {
  return signal === undefined
    ? { exitCode: exitcode ?? 0, signal: null, status: "exited" }
    : { exitCode: 128 + signal, signal: signalName(signal), status: "signaled" };
}

/** The result of a command; `what` is the command as it was asked for. */
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
