import type { Declaration } from "../command/command.ts";
import { TOPOLOGY_FILE, VARIANT } from "./topology_command.ts";

/** The options of {@linkcode inspectCommand}. */
export const INSPECT_OPTIONS = [
  VARIANT,
  {
    long: "work-dir",
    value: "DIRECTORY",
    kind: "directory",
    what: "where the lab writes its events, its state and its logs; default: nowhere",
  },
] as const;

/** `netyard inspect`. */
export const inspectCommand: Declaration<typeof INSPECT_OPTIONS> = {
  name: "inspect",
  summary: "keep a lab up, to look into it from another shell",
  description:
    `Builds the lab of a topology or a simulation, boots its virtual machines, and keeps it up until \
Ctrl-C. The steps of a simulation are not run. \`netyard run-in\` enters its nodes from another shell.`,
  arguments: [TOPOLOGY_FILE],
  options: INSPECT_OPTIONS,
  examples: [
    { command: "netyard inspect city.toml", what: "keep a topology up" },
    {
      command: "netyard inspect sims/matrix.toml --variant nat-home",
      what: "the network of one simulation of a matrix",
    },
  ],
  exitCodes: [
    [0, "it was up, and is gone"],
    [1, "it cannot be built here"],
    [2, "wrong options or files"],
  ],
};
