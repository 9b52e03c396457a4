import type { Declaration } from "../command/command.ts";

/** The options of {@linkcode completionsCommand}. */
export const COMPLETIONS_OPTIONS = [] as const;

/** `netyard completions`. */
export const completionsCommand: Declaration<typeof COMPLETIONS_OPTIONS> = {
  name: "completions",
  summary: "print what makes a shell complete netyard's commands",
  description: "Prints a script by which a shell completes commands, options and their values.",
  arguments: [{ name: "SHELL", what: "which one", choices: ["bash", "zsh", "fish"] }],
  options: COMPLETIONS_OPTIONS,
  examples: [
    {
      command: "netyard completions bash > ~/.local/share/bash-completion/completions/netyard",
      what: "complete in every bash that is started from now on",
    },
    {
      command: "netyard completions zsh > ~/.zfunc/_netyard",
      what: "the same for zsh, with `fpath+=~/.zfunc` before compinit in ~/.zshrc",
    },
    {
      command: "netyard completions fish > ~/.config/fish/completions/netyard.fish",
      what: "the same for fish",
    },
  ],
  exitCodes: [[0, "it is printed"], [2, "wrong arguments"]],
};
