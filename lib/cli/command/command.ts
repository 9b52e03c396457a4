import { NetyardError } from "../../../native/error.ts";
import type { Output } from "./output.ts";

/** What a word on the command line stands for; shells complete by it. */
export type WordKind = "file" | "directory" | "path" | "node" | "command" | "text";

/** What a command takes besides options. */
export interface Argument {
  /** In capitals, as the help shows it: `FILE`. */
  name: string;
  what: string;
  /** Whether there may be more of it; only the last one of a command. */
  many?: boolean;
  /** Whether it may be left out. */
  optional?: boolean;
  /** Default `"text"`. */
  kind?: WordKind;
  /** The only words that it may be. */
  choices?: readonly string[];
}

/** What a command may be told. */
export interface Option {
  /** Without the hyphens: `work-dir`. The command finds it as `workDir`. */
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
   * What is made of the value; {@linkcode UsageError} with the rule (`must be a whole number`) where
   * the value breaks it.
   */
  read?(text: string): unknown;
  what: string;
}

/** A command line to begin with. */
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

/** The values of options, by their long names in camel case. */
export type OptionValues<O extends readonly Option[]> = {
  [K in O[number] as CamelCase<K["long"]>]: Value<K>;
};

/** What a command is called with. */
export interface Invocation<O extends readonly Option[] = readonly Option[]> {
  options: OptionValues<O>;
  /** In their order; those behind `--` too. */
  arguments: string[];
  /** As it was given, from the command's name on. */
  line: readonly string[];
  /** All commands, this one too. */
  commands: readonly Command[];
  stdout: Output;
  stderr: Output;
}

/** What a command does; the number is the exit code. */
export type Run<O extends readonly Option[] = readonly Option[]> = (
  invocation: Invocation<O>,
) => number | Promise<number>;

/** What a command is, without what it does. */
export interface Declaration<O extends readonly Option[] = readonly Option[]> {
  name: string;
  /** One line, for the list of commands. */
  summary: string;
  /** What it does, for its own help; paragraphs are parted by an empty line. */
  description: string;
  arguments: readonly Argument[];
  options: O;
  examples: readonly Example[];
  exitCodes: readonly (readonly [code: number, meaning: string])[];
  /** Whether what follows the first argument belongs to it: `run-in laptop ls -l`. */
  stopEarly?: boolean;
}

/** A command; what it does is loaded when it is called, so that the help comes at once. */
export interface Command extends Declaration {
  load(): Promise<Run>;
}

/**
 * A command, whose function is held to the options that it declares.
 *
 * The options are a constant of their own, so that the function can name their type. A declaration is
 * in a file of its own, which does not know the function's: files must not import each other.
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
 *   summary: "say a name",
 *   description: "Says a name.",
 *   arguments: [{ name: "NAME", what: "whom to greet" }],
 *   options: OPTIONS,
 *   examples: [{ command: "netyard greet Ada", what: "say Ada" }],
 *   exitCodes: [[0, "it was said"]],
 *   load: () => Promise.resolve(greet),
 * });
 * ```
 */
export function defineCommand<const O extends readonly Option[]>(
  command: Declaration<O> & { load(): Promise<Run<O>> },
): Command {
  // What is parsed by these options has their types.
  return command as unknown as Command;
}

/** A command line that is not as the command wants it; the exit code is 2. */
export class UsageError extends NetyardError {}
