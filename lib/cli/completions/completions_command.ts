import type { Declaration } from "../command/command.ts";

/** The options of {@linkcode completionsCommand}. */
export const COMPLETIONS_OPTIONS = [] as const;

/** `netyard completions`. */
export const completionsCommand: Declaration<typeof COMPLETIONS_OPTIONS> = {
  name: "completions",
  summary: "print the completion script for a shell",
  description: "Prints a script with which a shell completes commands, options and their values.",
  arguments: [{ name: "SHELL", what: "the shell", choices: ["bash", "zsh", "fish"] }],
  options: COMPLETIONS_OPTIONS,
  examples: [
    {
      command: "netyard completions bash > ~/.local/share/bash-completion/completions/netyard",
      what: "install it for new bash sessions",
    },
    {
      command: "netyard completions zsh > ~/.zfunc/_netyard",
      what: "install it for zsh, with `fpath+=~/.zfunc` before compinit in ~/.zshrc",
    },
    {
      command: "netyard completions fish > ~/.config/fish/completions/netyard.fish",
      what: "install it for fish",
    },
  ],
  exitCodes: [[0, "the script was printed"], [2, "wrong arguments"]],
};
