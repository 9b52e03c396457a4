import { NetyardError } from "../../../native/error.ts";
import { InvalidOptionError } from "../../options/parse_options.ts";
import { TomlError } from "../../toml/errors.ts";
import { MergeError, SimulationNameError } from "../../sim/report/errors.ts";
import { PlanError, ShardError } from "../../sim/shard/errors.ts";
import { BadInputError } from "./bad_input.ts";
import { UsageError } from "./command.ts";
import { INTERRUPTED, InterruptedError } from "./interrupt.ts";

/** Errors of the input: of the files, or of the options. */
const BAD_INPUT = [
  BadInputError,
  TomlError,
  InvalidOptionError,
  SimulationNameError,
  ShardError,
  PlanError,
  MergeError,
];

/** The most faults that are printed: more of them rarely have different causes. */
const MOST_FAULTS = 25;

/** The message and the exit code for an error that ended a command. */
export function explain(error: unknown, command: string): { exitCode: number; message: string } {
  if (error instanceof UsageError) {
    return { exitCode: 2, message: `${error.message}\nSee \`netyard ${command} --help\`.` };
  }
  if (error instanceof TomlError && error.faults.length > MOST_FAULTS) {
    const { message } = new TomlError(error.faults.slice(0, MOST_FAULTS));
    return { exitCode: 2, message: `${message}\nand ${error.faults.length - MOST_FAULTS} more` };
  }
  if (BAD_INPUT.some((type) => error instanceof type)) {
    return { exitCode: 2, message: (error as Error).message };
  }
  if (error instanceof InterruptedError) return { exitCode: INTERRUPTED, message: error.message };
  if (error instanceof NetyardError) return { exitCode: 1, message: error.message };
  const stack = error instanceof Error ? Deno.inspect(error) : `not an error: ${error}`;
  return {
    exitCode: 70,
    message: `${stack}\n\nThis is a bug in netyard. Please report it with the lines above.`,
  };
}
