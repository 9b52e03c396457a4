import type { Declaration } from "../command/command.ts";
import { TOPOLOGY_FILE, VARIANT } from "./topology_command.ts";

/** The options of {@linkcode inspectCommand}. */
export const INSPECT_OPTIONS = [
  VARIANT,
  {
    long: "work-dir",
    value: "DIRECTORY",
    kind: "directory",
    what:
      "write the events, the state and the logs of the lab into this directory; default: nowhere",
  },
] as const;

/** `netyard inspect`. */
export const inspectCommand: Declaration<typeof INSPECT_OPTIONS> = {
  name: "inspect",
  summary: "keep a lab running, to inspect it from another shell",
  description:
    `Builds the lab of a topology or a simulation, boots its virtual machines, and keeps it running until \
Ctrl-C. The steps of a simulation are not run. \`netyard run-in\` runs programs in its nodes from \
another shell.`,
  arguments: [TOPOLOGY_FILE],
  options: INSPECT_OPTIONS,
  examples: [
    { command: "netyard inspect city.toml", what: "keep the lab of a topology running" },
    {
      command: "netyard inspect sims/matrix.toml --variant nat-home",
      what: "use the network of one variant of a matrix",
    },
  ],
  exitCodes: [
    [0, "the lab was built, and closed"],
    [1, "the lab cannot be built on this host"],
    [2, "wrong options or files"],
  ],
};
