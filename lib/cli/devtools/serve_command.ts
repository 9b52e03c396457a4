import type { Declaration } from "../command/command.ts";

/** Opens the page. */
const OPEN = { long: "open", what: "open the page in the browser" } as const;

/** Where the page is served. */
export const SERVER_OPTIONS = [
  OPEN,
  {
    long: "bind",
    value: "ADDRESS:PORT",
    default: "127.0.0.1:7421",
    what: "the address of the page; port 0 for any",
  },
  {
    long: "token",
    value: "TEXT",
    what: "a secret that readers must know, which an address that is not loopback needs",
  },
] as const;

/** The options of {@linkcode serveCommand}. */
export const SERVE_OPTIONS = SERVER_OPTIONS;

const EXIT_CODES = [
  [0, "it was ended with Ctrl-C"],
  [1, "it cannot be served"],
  [2, "wrong options"],
] as const;

/** `netyard serve`. */
export const serveCommand: Declaration<typeof SERVE_OPTIONS> = {
  name: "serve",
  summary: "show runs in the browser",
  description:
    `Serves a page with all runs below a folder: topology at any moment, timeline, events, logs, and results \
of simulations. Runs in progress are shown as they happen. Nothing is changed.`,
  arguments: [{
    name: "DIRECTORY",
    what: "the folder with the runs",
    optional: true,
    default: "NETYARD_OUTDIR, else the runs in the current folder",
    kind: "directory",
  }],
  options: SERVE_OPTIONS,
  examples: [
    { command: "netyard serve --open", what: "show the runs of this folder" },
    {
      command: "netyard serve runs --bind 0.0.0.0:7421 --token 8f2c51d0a97be364",
      what: "let colleagues see them, who need the token",
    },
  ],
  exitCodes: EXIT_CODES,
};

/** The options of {@linkcode showCommand}. */
export const SHOW_OPTIONS = [
  ...SERVER_OPTIONS,
  {
    long: "html",
    value: "FILE",
    kind: "file",
    what: "write one HTML file that opens without a server, and serve nothing",
  },
] as const;

/** `netyard show`. */
export const showCommand: Declaration<typeof SHOW_OPTIONS> = {
  name: "show",
  summary: "show one run, or write it to an HTML file",
  description:
    `Shows a run, or a folder of runs, in the browser. With --html it writes one file with the page and the \
data, which CI can keep: it opens without a server.`,
  arguments: [{ name: "DIRECTORY", what: "the run, or a folder of runs", kind: "directory" }],
  options: SHOW_OPTIONS,
  examples: [
    { command: "netyard show .netyard-work/latest --open", what: "show the last simulations" },
    { command: "netyard show runs/hello --html hello.html", what: "keep a run as one file" },
  ],
  exitCodes: [[0, "it was written, or ended with Ctrl-C"], ...EXIT_CODES.slice(1)],
};
