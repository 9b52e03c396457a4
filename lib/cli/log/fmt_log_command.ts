import type { Declaration } from "../command/command.ts";
import { LOG_LEVELS } from "../command/log_level.ts";

/** The options of {@linkcode fmtLogCommand}. */
export const FMT_LOG_OPTIONS = [
  { long: "follow", short: "f", what: "go on with what is written to the file, until Ctrl-C" },
  {
    long: "level",
    value: "LEVEL",
    choices: LOG_LEVELS,
    what: "leave out what matters less; lines that are no entries of a log have no level, and stay",
  },
  {
    long: "target",
    value: "TEXT",
    what: "only entries about this: a module, a logger, a node, or a part of its name",
  },
] as const;

/** `netyard fmt-log`. */
export const fmtLogCommand: Declaration<typeof FMT_LOG_OPTIONS> = {
  name: "fmt-log",
  summary: "print logs in JSON for people",
  description:
    `Prints logs for people, one line an entry: those of Rust's tracing, of pino and bunyan, of Go's \
slog, and the events.jsonl of a lab. Other lines stay as they are.

With --follow it waits for a file that is not there yet, and goes on when the file is replaced or \
emptied, as logs are when they are rotated.`,
  arguments: [{
    name: "FILE",
    what: "the log; without it, the standard input",
    optional: true,
    kind: "file",
  }],
  options: FMT_LOG_OPTIONS,
  examples: [
    { command: "netyard fmt-log events.jsonl", what: "read what happened in a lab" },
    {
      command: "netyard fmt-log -f --level warn relay.log",
      what: "watch a program's log for what goes wrong",
    },
    {
      command: "netyard fmt-log --target laptop events.jsonl",
      what: "only what happened to one node",
    },
  ],
  exitCodes: [[0, "it was printed"], [1, "the file cannot be read"], [2, "wrong options"]],
};
