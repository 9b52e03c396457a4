import type { GuestCommands } from "./agent_commands.ts";
import { noProgram } from "./command_line.ts";
import { GuestAgentError, GuestCommandError } from "../options/errors.ts";
import type { GuestContext } from "./guest_context.ts";
import { killScript } from "./kill_script.ts";
import { sleep } from "../socket/within.ts";

type ExecArguments = GuestCommands["guest-exec"]["arguments"];
type ExecStatus = GuestCommands["guest-exec-status"]["return"];

/** The pauses between two polls of a command: a poll costs the guest about a millisecond. */
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;
/** The pause as a share of the time that the command has run, which bounds the delay until its end is seen. */
const PAUSE_SHARE = 0.25;

/** Starts a program in the guest; returns its process ID. */
export async function startExec(
  { agent }: GuestContext,
  args: ExecArguments,
  what: string,
): Promise<number> {
  try {
    return (await agent.call("guest-exec", args, { what })).pid;
  } catch (error) {
    const desc = error instanceof GuestAgentError ? error.desc ?? "" : "";
    if (/No such file or directory/.test(desc)) throw noProgram(what, args.path, error);
    if (/Permission denied|Exec format error/.test(desc)) {
      throw new GuestCommandError(
        `${what}: ${JSON.stringify(args.path)} is not a program that the guest can execute`,
        undefined,
        { cause: error },
      );
    }
    throw error;
  }
}

/** Waits until a program has ended; returns undefined at the deadline (of `performance.now()`). */
export async function waitExec(
  { agent }: GuestContext,
  pid: number,
  deadline: number,
  what: string,
): Promise<ExecStatus | undefined> {
  const started = performance.now();
  for (;;) {
    const status = await agent.call("guest-exec-status", { pid }, { what });
    if (status.exited) return status;
    const left = deadline - performance.now();
    if (left <= 0) return undefined;
    const pause = PAUSE_SHARE * (performance.now() - started);
    await sleep(Math.min(Math.max(pause, FIRST_PAUSE_MS), LONGEST_PAUSE_MS, left));
  }
}

/** Runs a short program of ours to its end. */
export async function exec(
  context: GuestContext,
  args: ExecArguments,
  what: string,
): Promise<{ code: number; stdout: Uint8Array<ArrayBuffer>; stderr: string }> {
  const pid = await startExec(context, { ...args, "capture-output": true }, what);
  const timeoutMs = 30_000 * context.timeoutFactor;
  const status = await waitExec(context, pid, performance.now() + timeoutMs, what);
  if (!status) {
    throw new GuestCommandError(`${what}: ${args.path} did not end within ${timeoutMs} ms`);
  }
  return {
    code: status.exitcode ?? 128 + (status.signal ?? 0),
    stdout: Uint8Array.fromBase64(status["out-data"] ?? ""),
    stderr: new TextDecoder().decode(Uint8Array.fromBase64(status["err-data"] ?? "")).trim(),
  };
}

/** Sends a signal to all processes that a command has started; `signal` is without `SIG`. */
export async function killAll(
  context: GuestContext,
  { signal, mark, pid }: { signal: string; mark: string; pid: number },
  what: string,
): Promise<void> {
  const script = killScript(signal === "KILL");
  await exec(
    context,
    { path: "/bin/sh", arg: ["-c", script, "sh", signal, mark, `${pid}`] },
    what,
  );
}

/** Returns a unique mark for a command. */
export function newMark(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
