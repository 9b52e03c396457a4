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
of simulations, and why tests failed. Runs in progress are shown as they happen. Nothing is changed.

Without a folder, the bundles of failed tests are shown too: those in NETYARD_FAILURES, or else in \
.netyard-work/failures.`,
  arguments: [{
    name: "DIRECTORY",
    what: "the folder with the runs, or the zip file of a bundle",
    optional: true,
    default: "NETYARD_OUTDIR, else the runs in the current folder",
    kind: "path",
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
    `Shows a run, the bundle of a failed test, or a folder of them, in the browser. With --html it writes one \
file with the page and the data, which CI can keep: it opens without a server.`,
  arguments: [{
    name: "RUN",
    what: "the folder of a run, of a bundle, or of many; or the zip file of a bundle",
    kind: "path",
  }],
  options: SHOW_OPTIONS,
  examples: [
    { command: "netyard show .netyard-work/latest --open", what: "show the last simulations" },
    { command: "netyard show runs/hello --html hello.html", what: "keep a run as one file" },
    {
      command: "netyard show .netyard-work/failures/20260102-030405-678-handoff.zip --open",
      what: "see why a test failed",
    },
  ],
  exitCodes: [[0, "it was written, or ended with Ctrl-C"], ...EXIT_CODES.slice(1)],
};
