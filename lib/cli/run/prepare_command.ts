import type { Declaration } from "../command/command.ts";
import { BINARY, NO_BUILD, SIMULATION_FILES } from "../command/simulation_options.ts";

/** The options of {@linkcode prepareCommand}. */
export const PREPARE_OPTIONS = [BINARY, NO_BUILD] as const;

/** `netyard prepare`. */
export const prepareCommand: Declaration<typeof PREPARE_OPTIONS> = {
  name: "prepare",
  summary: "build what simulations, or virtual machines without root, need",
  description:
    `Builds and downloads the programs of simulations, without running any. What is there already \
stays as it is.

Without files, it makes what virtual machines of the profile "tiny" boot from. They make it \
themselves at their first boot, but for scripts that run without root: those have no network to get \
Debian's packages by. Run this as the user who is to run them.`,
  arguments: [{ ...SIMULATION_FILES, optional: true }],
  options: PREPARE_OPTIONS,
  examples: [
    { command: "netyard prepare sims", what: "build all that the simulations of a directory run" },
    { command: "netyard prepare", what: "make what machines of the profile tiny boot from" },
  ],
  exitCodes: [
    [0, "it is there"],
    [1, "it cannot be made here"],
    [2, "wrong options or files"],
    [130, "interrupted"],
  ],
};
