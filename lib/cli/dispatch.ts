import { nearest } from "../options/nearest.ts";
import type { Command, Invocation } from "./command/command.ts";
import { renderHelp, section, wrap } from "./command/help.ts";
import { type Output, streamOutput } from "./command/output.ts";
import { parseCommandLine } from "./command/parse.ts";
import { VERSION } from "../std/version.ts";

/** The outputs of a command. */
export interface Outputs {
  stdout: Output;
  stderr: Output;
}

/**
 * Runs the command that the arguments name.
 *
 * @returns its exit code; 2 for a wrong command line, and the exit code from `failure.ts` for an error
 */
export async function dispatch(
  commands: readonly Command[],
  args: readonly string[],
  outputs: Outputs = { stdout: streamOutput(Deno.stdout), stderr: streamOutput(Deno.stderr) },
): Promise<number> {
  const { stdout, stderr } = outputs;
  const refuse = (message: string) => {
    stderr.line(`${message}\nSee \`netyard --help\`.`);
    return 2;
  };
  const [name, ...rest] = args;
  if (name === undefined) return refuse("netyard needs a command");
  if (["-h", "--help", "help"].includes(name)) {
    const topic = name === "help"
      ? commands.find((command) => command.name === rest[0])
      : undefined;
    stdout.line(topic ? renderHelp(topic) : renderMainHelp(commands));
    return 0;
  }
  if (name === "-V" || name === "--version") {
    stdout.line(`netyard ${VERSION}`);
    return 0;
  }
  if (name.startsWith("-")) return refuse(`netyard does not know the option ${name}`);
  const command = commands.find((each) => each.name === name);
  if (!command) {
    const known = commands.map((each) => each.name);
    const meant = nearest(name, known);
    const question = meant === undefined ? "" : `; did you mean "${meant}"?`;
    return refuse(`netyard has no command "${name}"; it has: ${known.join(", ")}${question}`);
  }
  try {
    const { help, ...invocation } = parseCommandLine(command, rest);
    if (help) {
      stdout.line(renderHelp(command));
      return 0;
    }
    const run = await command.load();
    return await run({ ...outputs, ...invocation, line: args, commands } as Invocation);
  } catch (error) {
    const { explain } = await import("./command/failure.ts");
    const { exitCode, message } = explain(error, command.name);
    stderr.line(message);
    return exitCode;
  }
}

/** The text of `netyard --help`. */
export function renderMainHelp(commands: readonly Command[]): string {
  return [
    "Builds network labs out of Linux network namespaces, and runs simulations in them.",
    "Usage: netyard <command> [options]",
    section("Commands", commands.map(({ name, summary }) => [name, summary])),
    section("Options", [
      ["-h, --help", "print this help; after a command, the help of that command"],
      ["-V, --version", "print the version"],
    ]),
    section(
      "Exit codes",
      [
        [0, "success"],
        [1, "failure"],
        [2, "wrong options or files; nothing was started"],
        [70, "a bug in netyard"],
        [75, "simulations failed on a host that was too slow to tell why"],
        [130, "interrupted"],
      ].map(([code, meaning]) => [String(code), String(meaning)]),
    ),
    wrap("See `netyard <command> --help` for the options and examples of a command.", 0),
  ].join("\n\n");
}
