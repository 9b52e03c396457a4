import type { Declaration } from "./command/command.ts";

/** The options of {@linkcode schemaCommand}. */
export const SCHEMA_OPTIONS = [
  {
    long: "out",
    short: "o",
    value: "FILE",
    kind: "file",
    what: "write the schema to this file; default: the standard output",
  },
] as const;

/** `netyard schema`. */
export const schemaCommand: Declaration<typeof SCHEMA_OPTIONS> = {
  name: "schema",
  summary: "print the JSON Schema of simulation or topology files, for editors",
  description: `Prints the JSON Schema of simulation files, with which editors complete and check \
them. For Taplo, and editors that use it, write \`#:schema ./simulation.schema.json\` in the first line \
of a file.`,
  arguments: [{
    name: "KIND",
    what: "the kind of files",
    choices: ["simulation", "topology"],
    optional: true,
    default: "simulation",
  }],
  options: SCHEMA_OPTIONS,
  examples: [
    {
      command: "netyard schema --out sims/simulation.schema.json",
      what: "write the schema of simulation files",
    },
    { command: "netyard schema topology", what: "print the schema of topology files" },
  ],
  exitCodes: [[0, "the schema was written"], [1, "the file cannot be written"], [
    2,
    "wrong options",
  ]],
};
