import { z } from "zod";
import { parseOptions } from "../../options/parse_options.ts";
import type { GuestCommands } from "./agent_commands.ts";
import { GuestCommandError } from "../options/errors.ts";
import type { RunOptions } from "../options/run_types.ts";

type ExecArguments = GuestCommands["guest-exec"]["arguments"];

/** Root's usual environment; the agent's own one depends on what started the agent. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  USER: "root",
};

/**
 * The environment variable that identifies all processes that a command has started, also orphans. A
 * process group instead would cost the guest another program (setsid).
 */
export const MARK = "NETYARD_RUN";

const noNul = (text: string) => !text.includes("\0");
const text = z.string().refine(noNul, { error: "must not contain a NUL character" });

const runOptionsSchema = z.strictObject({
  env: z.record(
    text.refine((name) => name !== "" && !name.includes("="), {
      error: 'must be a name without "="',
    }),
    text,
  ).optional(),
  clearEnv: z.boolean().optional(),
  cwd: text.min(1).optional(),
  stdin: z.union([z.string(), z.instanceof(Uint8Array)]).optional(),
  timeoutMs: z.number().min(0).optional(),
});

const commandSchema = z.strictObject({ command: z.union([text, z.array(text).min(1)]) });

/** The files for a command's output if the agent does not keep it. */
export interface OutputFiles {
  stdout: string;
  stderr: string;
}

/** Formats a call for messages: `nas: run("ping -c 1 a")`. */
export function commandText(label: string, method: string, command: string | string[]): string {
  const text = JSON.stringify(command);
  return `${label}: ${method}(${text.length > 200 ? `${text.slice(0, 197)}...` : text})`;
}

/** Validates a command and its options before anything is sent to the guest. */
export function checkCommand(
  command: string | string[],
  options: RunOptions,
  what: string,
): void {
  parseOptions(commandSchema, { command }, what);
  parseOptions(runOptionsSchema, options, what);
}

/**
 * Returns what the agent must execute: a string with `/bin/sh -c`, a list as it is. Only if a directory
 * or output files are requested does a shell prepare them, and then `exec` the list.
 */
export function execArguments(
  command: string | string[],
  options: RunOptions,
  mark: string,
  files?: OutputFiles,
): ExecArguments {
  const { stdin, cwd } = options;
  const rest = {
    env: environment(options, mark),
    "capture-output": files === undefined,
    ...(stdin === undefined ? {} : { "input-data": base64(stdin) }),
  };
  const redirect = files ? ` >>${quote(files.stdout)} 2>>${quote(files.stderr)}` : "";
  const before = (redirect && `exec${redirect}; `) + (cwd === undefined ? "" : enter(cwd));
  if (typeof command === "string") {
    // On the first line of the command, so that the shell's line numbers stay right.
    return { path: "/bin/sh", arg: ["-c", before + command], ...rest };
  }
  const [path, ...arg] = command;
  if (!before) return { path, arg, ...rest };
  const script = `${before}${FIND_PROGRAM}exec "$@"`;
  return { path: "/bin/sh", arg: ["-c", script, "sh", ...command], ...rest };
}

/** The exit codes of our part of a shell command, as in shells. */
const NO_PROGRAM = 127;
const NO_DIRECTORY = 126;

const FIND_PROGRAM = 'command -v -- "$1" >/dev/null || { ' +
  `printf 'netyard: no program %s' "$1" >&2; exit ${NO_PROGRAM}; }; `;

function enter(directory: string): string {
  // A name that begins with a dash would be an option of cd.
  const path = quote(directory.startsWith("/") ? directory : `./${directory}`);
  return `cd ${path} 2>/dev/null || { ` +
    `printf 'netyard: no directory' >&2; exit ${NO_DIRECTORY}; }; `;
}

/** Returns the error if our part of the shell command could not start the command. */
export function startFailure(
  what: string,
  command: string | string[],
  { cwd }: RunOptions,
  { exitCode, stderr }: { exitCode: number; stderr: string },
): GuestCommandError | undefined {
  if (exitCode === NO_DIRECTORY && cwd !== undefined && stderr === "netyard: no directory") {
    return new GuestCommandError(
      `${what}: cwd ${JSON.stringify(cwd)} is not a directory of the guest that can be entered`,
    );
  }
  const program = typeof command === "string" ? undefined : command[0];
  if (exitCode === NO_PROGRAM && stderr === `netyard: no program ${program}`) {
    return noProgram(what, program!);
  }
}

/** Makes the error of a program that the guest does not have. */
export function noProgram(what: string, program: string, cause?: unknown): GuestCommandError {
  const where = program.includes("/") ? "" : " on its PATH";
  return new GuestCommandError(
    `${what}: the guest has no program ${JSON.stringify(program)}${where}`,
    undefined,
    { cause },
  );
}

function environment({ env = {}, clearEnv = false }: RunOptions, mark: string): string[] {
  const all = { ...(clearEnv ? {} : ENVIRONMENT), ...env, [MARK]: mark };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}

/** Quotes a text as one word of the shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function base64(data: string | Uint8Array): string {
  return (typeof data === "string" ? new TextEncoder().encode(data) : data).toBase64();
}
