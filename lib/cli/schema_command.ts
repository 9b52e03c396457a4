import type { Declaration } from "./command/command.ts";

/** The options of {@linkcode schemaCommand}. */
export const SCHEMA_OPTIONS = [
  { long: "out", short: "o", value: "FILE", kind: "file", what: "write it into this file" },
] as const;

/** `netyard schema`. */
export const schemaCommand: Declaration<typeof SCHEMA_OPTIONS> = {
  name: "schema",
  summary: "print the JSON Schema of simulation or topology files, for editors",
  description: `Prints the JSON Schema of simulation files, by which editors complete and check \
them. With Taplo, or an editor that has it, write \`#:schema ./simulation.schema.json\` into the first \
line of a file.`,
  arguments: [{
    name: "KIND",
    what: "which files; without it, simulation",
    choices: ["simulation", "topology"],
    optional: true,
  }],
  options: SCHEMA_OPTIONS,
  examples: [
    {
      command: "netyard schema --out sims/simulation.schema.json",
      what: "keep it beside the simulations",
    },
    { command: "netyard schema topology", what: "print that of topology files" },
  ],
  exitCodes: [[0, "it is printed or written"], [1, "it cannot be written"], [2, "wrong options"]],
};
