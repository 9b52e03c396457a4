import { parseArgs } from "@std/cli/parse-args";
import { nearest } from "../../options/nearest.ts";
import { type Command, type Option, UsageError } from "./command.ts";

/** A parsed command line. */
export interface Parsed {
  /** Whether it has `--help`; the rest is not checked then. */
  help: boolean;
  options: Record<string, unknown>;
  arguments: string[];
}

/** The option that every command has. */
export const HELP: Option = { long: "help", short: "h", what: "print this help" };

/**
 * Parses the words after the name of a command.
 *
 * @throws {UsageError} an unknown option, a wrong value, or a missing or superfluous argument
 */
export function parseCommandLine(command: Command, args: readonly string[]): Parsed {
  const all = [...command.options, HELP];
  const unknown: string[] = [];
  const found = parseArgs(args, {
    boolean: all.filter((option) => option.value === undefined).map(({ long }) => long),
    string: [...all.filter((option) => option.value !== undefined).map(({ long }) => long), "_"],
    collect: all.filter((option) => option.many).map(({ long }) => long),
    alias: Object.fromEntries(all.flatMap(({ long, short }) => short ? [[long, short]] : [])),
    stopEarly: command.stopEarly,
    "--": true,
    unknown: (arg, key) => {
      if (key === undefined) return true;
      unknown.push(arg.startsWith("--") ? `--${key}` : `-${key}`);
      return false;
    },
  }) as Record<string, unknown> & { _: string[]; "--": string[] };
  if (found.help) return { help: true, options: {}, arguments: [] };
  if (unknown.length > 0) throw unknownOption(command, all, unknown[0]);
  checkFlags(command, all, args, found._.length);
  const words = positional(command, args, found);
  checkArguments(command, words);
  return {
    help: false,
    options: Object.fromEntries(
      command.options.map((option) => [
        camelCase(option.long),
        valueOf(command, option, found[option.long]),
      ]),
    ),
    arguments: words,
  };
}

/** Converts `work-dir` to `workDir`. */
export function camelCase(long: string): string {
  return long.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function unknownOption(command: Command, all: readonly Option[], given: string): UsageError {
  const meant = given.startsWith("--")
    ? nearest(given, all.map(({ long }) => `--${long}`))
    : undefined;
  const question = meant !== undefined
    ? `; did you mean ${meant}?`
    : /^-\d/.test(given)
    ? `; if it is the value of an option, write it as in --name=${given}`
    : "";
  return new UsageError(`netyard ${command.name} does not know ${given}${question}`);
}

/** Refuses `--flag=value`: the parser would take any value of an option without values as "on". */
function checkFlags(
  command: Command,
  all: readonly Option[],
  args: readonly string[],
  positionals: number,
): void {
  for (const arg of args) {
    if (arg === "--" || (command.stopEarly && positionals > 0 && !arg.startsWith("-"))) return;
    const name = /^--([^=]+)=/.exec(arg)?.[1];
    if (name !== undefined && all.some(({ long, value }) => long === name && value === undefined)) {
      throw new UsageError(`netyard ${command.name}: --${name} takes no value`);
    }
  }
}

function positional(
  command: Command,
  args: readonly string[],
  found: { _: string[]; "--": string[] },
): string[] {
  const single = command.arguments.filter(({ many }) => !many).length;
  // A `--` after the first argument belongs to the program: `run-in laptop git log -- file`.
  const keepDashes = command.stopEarly && found._.length > single && args.includes("--");
  return [...found._, ...keepDashes ? ["--"] : [], ...found["--"]];
}

function checkArguments(command: Command, words: readonly string[]): void {
  const { name, arguments: expected } = command;
  const missing = expected.find(({ optional }, i) => !optional && i >= words.length);
  if (missing) throw new UsageError(`netyard ${name} needs ${missing.name}: ${missing.what}`);
  const most = expected.at(-1)?.many ? Infinity : expected.length;
  if (words.length > most) {
    const limit = most === 0 ? "no arguments" : `${most} argument${most === 1 ? "" : "s"} at most`;
    throw new UsageError(`netyard ${name} does not know ${words[most]}: it takes ${limit}`);
  }
  words.forEach((word, i) => {
    const { choices, name: argument } = expected[Math.min(i, expected.length - 1)];
    if (choices) checkChoice(`netyard ${name}: ${argument}`, choices, word);
  });
}

function valueOf(command: Command, option: Option, given: unknown): unknown {
  if (option.value === undefined) return given === true;
  if (option.many) return (given as string[]).map((text) => readValue(command, option, text));
  const text = given ?? option.default;
  return text === undefined ? undefined : readValue(command, option, text as string);
}

function readValue(command: Command, option: Option, text: string): unknown {
  const who = `netyard ${command.name}: --${option.long}`;
  if (text === "") throw new UsageError(`${who} needs a value: ${option.value}`);
  if (option.choices) checkChoice(who, option.choices, text);
  try {
    return option.read ? option.read(text) : text;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${who} is ${JSON.stringify(text)}, but ${error.message}`);
  }
}

function checkChoice(who: string, choices: readonly string[], word: string): void {
  if (choices.includes(word)) return;
  const meant = nearest(word, choices);
  const question = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
  throw new UsageError(
    `${who} is ${JSON.stringify(word)}, but must be one of ${choices.join(", ")}${question}`,
  );
}
