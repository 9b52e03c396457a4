import type { Command, Invocation } from "./command.ts";
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
export async function completions(
  { arguments: [shell], stdout }: Invocation<readonly []>,
): Promise<number> {
  // The table has this command too.
  const { COMMANDS } = await import("./commands/table.ts");
  stdout.write(SHELLS[shell](COMMANDS));
  return 0;
}
