import type { Declaration } from "../command/command.ts";
import { TOPOLOGY_FILE, VARIANT } from "./topology_command.ts";

/** The options of {@linkcode shellCommand}. */
export const SHELL_OPTIONS = [VARIANT] as const;

/** `netyard shell`. */
export const shellCommand: Declaration<typeof SHELL_OPTIONS> = {
  name: "shell",
  summary: "a TypeScript prompt with a lab in it",
  description:
    `Starts Deno's prompt for TypeScript with a lab: \`lab\`, and each node under its name, such as \
\`await laptop.$\\\`ping -c 1 \${server.ip}\\\`\`. The lab is that of a topology or a simulation, or an \
empty one. It ends with the prompt, by Ctrl-D.`,
  arguments: [{ ...TOPOLOGY_FILE, optional: true }],
  options: SHELL_OPTIONS,
  examples: [
    { command: "netyard shell city.toml", what: "try things in a topology" },
    { command: "netyard shell", what: "build a lab by hand" },
  ],
  exitCodes: [
    [0, "the prompt was left"],
    [1, "the lab cannot be built here"],
    [2, "wrong options or files"],
  ],
};
