import type { Declaration } from "../command/command.ts";
import { BINARY, NO_BUILD, SIMULATION_FILES } from "../command/simulation_options.ts";

/** The options of {@linkcode prepareCommand}. */
export const PREPARE_OPTIONS = [BINARY, NO_BUILD] as const;

/** `netyard prepare`. */
export const prepareCommand: Declaration<typeof PREPARE_OPTIONS> = {
  name: "prepare",
  summary: "build the programs of simulations, or the boot files of virtual machines",
  description:
    `Builds and downloads the programs of simulations without running them. Programs that are up to \
date are left unchanged.

Without files, it builds the boot files of virtual machines of the profile "tiny". As root, the first \
boot builds them. Without root, a script has no network to download Debian's packages, so run this \
first, as the same user.`,
  arguments: [{ ...SIMULATION_FILES, optional: true }],
  options: PREPARE_OPTIONS,
  examples: [
    {
      command: "netyard prepare sims",
      what: "build the programs of all simulations of a directory",
    },
    { command: "netyard prepare", what: "build the boot files of the profile tiny" },
  ],
  exitCodes: [
    [0, "everything is built"],
    [1, "something cannot be built on this host"],
    [2, "wrong options or files"],
    [130, "interrupted"],
  ],
};
