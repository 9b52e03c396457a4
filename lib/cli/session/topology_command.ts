import type { Argument, Declaration } from "../command/command.ts";

/** A file that describes a network. */
export const TOPOLOGY_FILE = {
  name: "FILE",
  what: "a topology or a simulation in TOML",
  kind: "file",
} as const satisfies Argument;

/** Selects a simulation of a file. */
export const VARIANT = {
  long: "variant",
  value: "NAME",
  what: "the variant of a matrix; default: the first",
} as const;

/** The formats of drawings. */
export const DRAWING_FORMATS = ["text", "svg", "dot", "mermaid"] as const;

/** The options of {@linkcode topologyCommand}. */
export const TOPOLOGY_OPTIONS = [
  {
    long: "format",
    value: "FORMAT",
    choices: DRAWING_FORMATS,
    what: "output format; default: by the extension of --out, or text",
  },
  {
    long: "out",
    short: "o",
    value: "PATH",
    kind: "path",
    what: "write the drawing to this file; default: the standard output",
  },
  VARIANT,
] as const;

/** `netyard topology`. */
export const topologyCommand: Declaration<typeof TOPOLOGY_OPTIONS> = {
  name: "topology",
  summary: "draw a topology",
  description:
    `Draws a topology, or that of a simulation, as text, as SVG, for Graphviz (dot), or for Mermaid. \
No lab is built.`,
  arguments: [TOPOLOGY_FILE],
  options: TOPOLOGY_OPTIONS,
  examples: [
    { command: "netyard topology city.toml", what: "print a topology as a tree" },
    { command: "netyard topology city.toml --out city.svg", what: "draw it for a document" },
    { command: "netyard topology city.toml --format mermaid", what: "draw it for Markdown" },
  ],
  exitCodes: [[0, "the topology was drawn"], [1, "the file cannot be written"], [
    2,
    "wrong options or files",
  ]],
};
