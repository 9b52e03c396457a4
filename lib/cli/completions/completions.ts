/**
 * `netyard completions`: the completion scripts of shells, one file for each, generated from the declarations
 * of the commands. Imports `../command`. Begin here.
 *
 * @module
 */
import type { Command, Invocation } from "../command/command.ts";
import type { COMPLETIONS_OPTIONS } from "./completions_command.ts";
import { bashCompletions } from "./bash.ts";
import { fishCompletions } from "./fish.ts";
import { zshCompletions } from "./zsh.ts";

const SHELLS: Record<string, (commands: readonly Command[]) => string> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

/**
 * The command `netyard completions`: prints the completion script for a shell.
 *
 * @returns the exit code, 0
 */
export function completions(
  { arguments: [shell], commands, stdout }: Invocation<typeof COMPLETIONS_OPTIONS>,
): number {
  stdout.write(SHELLS[shell](commands));
  return 0;
}
