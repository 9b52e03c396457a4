/**
 * The parts that all commands share: declarations, command lines, help, outputs, colours, signals, and exit
 * codes of errors. Imports nothing else of `cli`. Begin here.
 *
 * @module
 */
import { NetyardError } from "../../../native/error.ts";
import type { Output } from "./output.ts";

/** What a word on the command line stands for; shell completions use it. */
export type WordKind = "file" | "directory" | "path" | "node" | "command" | "text";

/** A positional argument of a command. */
export interface Argument {
  /** In capitals, as the help shows it: `FILE`. */
  name: string;
  what: string;
  /** Whether it may be repeated; only for the last argument of a command. */
  many?: boolean;
  /** Whether it may be left out. */
  optional?: boolean;
  /** Its value where it is left out, for the help. */
  default?: string;
  /** Default `"text"`. */
  kind?: WordKind;
  /** The only words that it may be. */
  choices?: readonly string[];
}

/** An option of a command. */
export interface Option {
  /** Without the hyphens: `work-dir`. The command gets it as `workDir`. */
  long: string;
  /** One letter. */
  short?: string;
  /** Its value as the help shows it: `PATH`. Without it, the option is on or off. */
  value?: string;
  /** Whether it may be given more than once; then its value is a list. */
  many?: boolean;
  default?: string;
  /** The only values that it may have. */
  choices?: readonly string[];
  /** What the value stands for. Default `"text"`. */
  kind?: WordKind;
  /**
   * Converts the value. Throws a {@linkcode UsageError} with the rule (`must be a whole number`) if the
   * value breaks it.
   */
  read?(text: string): unknown;
  what: string;
}

/** An example in the help of a command. */
export interface Example {
  command: string;
  what: string;
}

type CamelCase<S extends string> = S extends `${infer A}-${infer B}`
  ? `${A}${Capitalize<CamelCase<B>>}`
  : S;
type Read<O extends Option> = O extends { read(text: string): infer T } ? T
  : O extends { choices: readonly (infer C)[] } ? C
  : string;
type Value<O extends Option> = O extends { value: string } ? O extends { many: true } ? Read<O>[]
  : O extends { default: string } ? Read<O>
  : Read<O> | undefined
  : boolean;

/** The values of the options, by their long names in camel case. */
export type OptionValues<O extends readonly Option[]> = {
  [K in O[number] as CamelCase<K["long"]>]: Value<K>;
};

/** A call of a command. */
export interface Invocation<O extends readonly Option[] = readonly Option[]> {
  options: OptionValues<O>;
  /** In their order, with those after `--`. */
  arguments: string[];
  /** The command line, from the command's name on. */
  line: readonly string[];
  /** All commands, including this one. */
  commands: readonly Command[];
  stdout: Output;
  stderr: Output;
}

/** The function of a command; the number is the exit code. */
export type Run<O extends readonly Option[] = readonly Option[]> = (
  invocation: Invocation<O>,
) => number | Promise<number>;

/** The description of a command: everything but its function. */
export interface Declaration<O extends readonly Option[] = readonly Option[]> {
  name: string;
  /** One line, for the list of commands. */
  summary: string;
  /** For its own help; an empty line separates paragraphs. */
  description: string;
  arguments: readonly Argument[];
  options: O;
  examples: readonly Example[];
  exitCodes: readonly (readonly [code: number, meaning: string])[];
  /** Whether options after the first argument belong to the arguments: `run-in laptop ls -l`. */
  stopEarly?: boolean;
}

/** A command. Its function is loaded when it is called, so that the help needs no other modules. */
export interface Command extends Declaration {
  load(): Promise<Run>;
}

/**
 * Defines a command, and checks that its function fits the options that it declares.
 *
 * The options are a separate constant, so that the function can name their type. The declaration is in a
 * separate file, which does not import the file of the function: no two files may import each other.
 *
 * @example
 * ```ts
 * import { defineCommand, type Invocation } from "./command.ts";
 *
 * const OPTIONS = [{ long: "loud", what: "in capitals" }] as const;
 *
 * function greet({ options, arguments: [name], stdout }: Invocation<typeof OPTIONS>) {
 *   stdout.line(options.loud ? name.toUpperCase() : name);
 *   return 0;
 * }
 *
 * defineCommand({
 *   name: "greet",
 *   summary: "print a name",
 *   description: "Prints a name.",
 *   arguments: [{ name: "NAME", what: "the name" }],
 *   options: OPTIONS,
 *   examples: [{ command: "netyard greet Ada", what: "print Ada" }],
 *   exitCodes: [[0, "it was printed"]],
 *   load: () => Promise.resolve(greet),
 * });
 * ```
 */
export function defineCommand<const O extends readonly Option[]>(
  command: Declaration<O> & { load(): Promise<Run<O>> },
): Command {
  // The values are parsed with these options, so they have the types that the function expects.
  return command as unknown as Command;
}

/** The command line does not fit the command; the exit code is 2. */
export class UsageError extends NetyardError {}
