import type { Command, Invocation } from "./command.ts";
import type { COMPLETIONS_OPTIONS } from "./commands/completions.ts";
import { bashCompletions } from "./completions_bash.ts";
import { fishCompletions } from "./completions_fish.ts";
import { zshCompletions } from "./completions_zsh.ts";

const SHELLS: Record<string, (commands: readonly Command[]) => string> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

/**
 * The command `netyard completions`: prints the script for a shell.
 *
 * @returns the exit code, which is 0.
 */
export function completions(
  { arguments: [shell], commands, stdout }: Invocation<typeof COMPLETIONS_OPTIONS>,
): number {
  stdout.write(SHELLS[shell](commands));
  return 0;
}
