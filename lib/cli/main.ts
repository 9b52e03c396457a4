/**
 * The `netyard` command.
 *
 * ```sh
 * deno run -A jsr:@netyard/netyard/cli doctor
 * ```
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { doctor } from "./doctor.ts";
import { prepare } from "./prepare.ts";
import { VERSION } from "./version.ts";

interface Command {
  summary: string;
  /** Gets the arguments after the command's name; returns the exit code. */
  run(args: readonly string[]): number | Promise<number>;
}

const COMMANDS: Record<string, Command> = {
  doctor: { summary: "say what this host can do, and what mends the rest", run: doctor },
  prepare: {
    summary: "make what virtual machines boot from, for scripts without root",
    run: prepare,
  },
};

const USAGE = `Builds network labs out of Linux network namespaces.

Usage: netyard <command> [options]

Commands:
${
  Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(9)}  ${summary}`).join(
    "\n",
  )
}

Options:
  -h, --help     print this text; after a command, that command's
  -V, --version  print the version`;

/**
 * Runs the command that the arguments name.
 *
 * @returns the exit code: that of the command, or 2 when there is none of this name.
 *
 * @example
 * ```ts
 * import { main } from "@netyard/netyard/cli";
 *
 * console.assert(await main(["--version"]) === 0);
 * ```
 */
export async function main(args: readonly string[]): Promise<number> {
  const unknown: string[] = [];
  const options = parseArgs(args, {
    boolean: ["help", "version"],
    string: ["_"],
    alias: { help: "h", version: "V" },
    stopEarly: true,
    unknown: (arg, option) => {
      if (option !== undefined) unknown.push(arg);
      return option === undefined;
    },
  });
  if (unknown.length > 0) return refuse(`netyard does not know the option ${unknown[0]}`);
  if (options.version) {
    console.log(`netyard ${VERSION}`);
    return 0;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const [name, ...rest] = options._.map(String);
  if (name === undefined) return refuse("netyard needs a command");
  if (!Object.hasOwn(COMMANDS, name)) {
    const known = Object.keys(COMMANDS).join(", ");
    return refuse(`netyard has no command "${name}"; it has: ${known}`);
  }
  return await COMMANDS[name].run(rest);
}

function refuse(message: string): number {
  console.error(`${message}\n\n${USAGE}`);
  return 2;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
