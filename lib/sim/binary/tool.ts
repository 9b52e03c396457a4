import { dirname, join } from "node:path";
import { tail } from "../../files/tail.ts";
import type { BinaryContext } from "./context.ts";
import { BinaryError } from "./error.ts";
import { GroupGuard } from "./group_guard.ts";
import { ToolOutputs } from "./tool_outputs.ts";

/** A program of the host that builds a program of a simulation. */
export interface Tool {
  program: string;
  args: readonly string[];
  directory: string;
  env?: Record<string, string>;
  /** Whether lines of its standard output are progress, and go into the log. Default: false. */
  chatty?: boolean;
  /** Called with each line about the progress. */
  onLine?(line: string): void;
  /** The time limit in milliseconds. */
  limitMs?: number;
}

/** How a tool ended. */
export interface ToolResult {
  ok: boolean;
  /** `failed with exit code 3`, or `was ended by SIGKILL`. */
  ending: string;
  stdout: string;
  /** The lines that it printed. */
  log: string;
}

// How long a tool may take to end after SIGTERM, before SIGKILL.
const GRACE_MS = 2000;

/**
 * Runs a tool to its end.
 *
 * @throws The reason of the signal, if it is aborted; the tool and its process group are then killed.
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
    detached: true, // its own process group, which can be killed as a whole
  }).spawn();
  const log: string[] = [];
  const report = (line: string) => {
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
        ? outputs.eachLine(child.stdout, report)
        : outputs.eachText(child.stdout, (text) => void (printed += text)),
      outputs.eachLine(child.stderr, report),
    ]);
    drained.catch(() => {}); // until something waits for it
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
    if (timers.length > 0 && signal.aborted) killGroup(child.pid, "SIGKILL"); // processes that the tool left behind
    for (const timer of timers) clearTimeout(timer);
    await guard.close();
  }
}

/** Returns the error for a tool that failed. The message names a file with the whole output. */
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
  const end = tail(log);
  return new BinaryError(where, `${about} ${ending} (whole output: ${path})${end && `:\n${end}`}`);
}

function killGroup(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // not found: it has ended
  }
}
