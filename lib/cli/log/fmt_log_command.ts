import type { Declaration } from "../command/command.ts";
import { LOG_LEVELS } from "../../devtools/model/log_level.ts";

/** The options of {@linkcode fmtLogCommand}. */
export const FMT_LOG_OPTIONS = [
  { long: "follow", short: "f", what: "wait for new lines of the file, until Ctrl-C" },
  {
    long: "level",
    value: "LEVEL",
    choices: LOG_LEVELS,
    what: "leave out entries below this level; other lines are always printed",
  },
  {
    long: "target",
    value: "TEXT",
    what: "only entries about the node, module or logger whose name contains this text",
  },
] as const;

/** `netyard fmt-log`. */
export const fmtLogCommand: Declaration<typeof FMT_LOG_OPTIONS> = {
  name: "fmt-log",
  summary: "print JSON logs as readable text",
  description:
    `Prints JSON logs as readable text, one line per entry: the events.jsonl of a lab, and the formats of \
Rust's tracing, of pino and bunyan, and of Go's slog. Other lines are printed unchanged.

With --follow it waits for a file that does not exist yet, and continues when the file is replaced or \
emptied, as log rotation does.`,
  arguments: [{
    name: "FILE",
    what: "the log; default: the standard input",
    optional: true,
    kind: "file",
  }],
  options: FMT_LOG_OPTIONS,
  examples: [
    { command: "netyard fmt-log events.jsonl", what: "show what happened in a lab" },
    {
      command: "netyard fmt-log -f --level warn relay.log",
      what: "watch the log of a program for problems",
    },
    {
      command: "netyard fmt-log --target laptop events.jsonl",
      what: "show what happened to one node",
    },
  ],
  exitCodes: [[0, "the log was printed"], [1, "the file cannot be read"], [2, "wrong options"]],
};
