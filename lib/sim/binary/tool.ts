import { dirname, join } from "node:path";
import { tail } from "../../files/tail.ts";
import type { BinaryContext } from "./context.ts";
import { BinaryError } from "./error.ts";
import { GroupGuard } from "./group_guard.ts";
import { ToolOutputs } from "./tool_outputs.ts";

/** A program of the host that makes one of a simulation's. */
export interface Tool {
  program: string;
  args: readonly string[];
  directory: string;
  env?: Record<string, string>;
  /** Whether lines of its standard output are progress, and go into the log. Default: false. */
  chatty?: boolean;
  /** Each line that tells of progress. */
  onLine?(line: string): void;
  /** How long it may take, in milliseconds. */
  limitMs?: number;
}

/** How it ended. */
export interface ToolResult {
  ok: boolean;
  /** `failed with exit code 3`, or `was ended by SIGKILL`. */
  ending: string;
  stdout: string;
  /** What it said, line after line. */
  log: string;
}

// What does not end by SIGTERM in this time will not.
const GRACE_MS = 2000;

/**
 * Runs a tool to its end.
 *
 * @throws What the signal was aborted with; then the tool, and all that it started, is ended.
 * @throws {Deno.errors.NotFound} If there is no such program.
 */
export async function runTool(context: BinaryContext, tool: Tool): Promise<ToolResult> {
  const { signal } = context;
  signal.throwIfAborted();
  const child = new Deno.Command(tool.program, {
    args: [...tool.args],
    cwd: tool.directory,
    env: {
      PATH: context.searchPath.join(":"),
      NO_COLOR: "1",
      CARGO_TERM_COLOR: "never",
      ...tool.env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true, // a group of its own, which can be ended as a whole
  }).spawn();
  const log: string[] = [];
  const tell = (line: string) => {
    log.push(line);
    tool.onLine?.(line);
  };
  const timers: ReturnType<typeof setTimeout>[] = [];
  const end = () => {
    killGroup(child.pid, "SIGTERM");
    timers.push(setTimeout(() => killGroup(child.pid, "SIGKILL"), GRACE_MS));
  };
  const guard = GroupGuard.of(child.pid);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  if (tool.limitMs !== undefined) timers.push(setTimeout(end, tool.limitMs));
  const outputs = new ToolOutputs();
  let printed = "";
  try {
    const drained = Promise.all([
      tool.chatty
        ? outputs.eachLine(child.stdout, tell)
        : outputs.eachText(child.stdout, (text) => void (printed += text)),
      outputs.eachLine(child.stderr, tell),
    ]);
    drained.catch(() => {}); // until it is waited for
    const status = await child.status;
    await outputs.closed(drained);
    signal.throwIfAborted();
    return {
      ok: status.success,
      ending: status.signal
        ? `was ended by ${status.signal}`
        : `failed with exit code ${status.code}`,
      stdout: printed,
      log: log.map((line) => `${line}\n`).join(""),
    };
  } finally {
    signal.removeEventListener("abort", end);
    if (timers.length > 0 && signal.aborted) killGroup(child.pid, "SIGKILL"); // what the tool left
    for (const timer of timers) clearTimeout(timer);
    await guard.close();
  }
}

/** The error for a tool that failed. All that it said is kept in a file that the message names. */
export async function toolError(
  context: BinaryContext,
  where: string,
  about: string,
  logName: string,
  { ending, log }: ToolResult,
): Promise<BinaryError> {
  const path = join(context.cache, "logs", `${logName}.log`);
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, log);
  const said = tail(log);
  return new BinaryError(where, `${about} ${ending} (all it said: ${path})${said && `:\n${said}`}`);
}

function killGroup(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // it has ended
  }
}
