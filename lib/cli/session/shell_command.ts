import type { Declaration } from "../command/command.ts";
import { TOPOLOGY_FILE, VARIANT } from "./topology_command.ts";

/** The options of {@linkcode shellCommand}. */
export const SHELL_OPTIONS = [VARIANT] as const;

/** `netyard shell`. */
export const shellCommand: Declaration<typeof SHELL_OPTIONS> = {
  name: "shell",
  summary: "start a TypeScript prompt with a lab in scope",
  description:
    `Starts Deno's TypeScript prompt with \`lab\` and each node of it in scope, by their names: try \
await laptop.$\`ping -c 1 \${server.ip}\`. The lab is that of a topology or of a simulation, or an empty \
one. Ctrl-D ends the prompt and the lab.`,
  arguments: [{ ...TOPOLOGY_FILE, optional: true }],
  options: SHELL_OPTIONS,
  examples: [
    { command: "netyard shell city.toml", what: "try things in the lab of a topology" },
    { command: "netyard shell", what: "build a lab step by step" },
  ],
  exitCodes: [
    [0, "the prompt was closed"],
    [1, "the lab cannot be built on this host"],
    [2, "wrong options or files"],
  ],
};
