/**
 * `netyard fmt-log`: lines of JSON become log entries (`devtools/model/log_record.ts`), and these become
 * text (`log_format.ts`). Imports `../command` and `devtools/model`. Begin here.
 *
 * @module
 */
import { NetyardError } from "../../../native/error.ts";
import { LineSplitter } from "../../files/line_splitter.ts";
import { wantsColors } from "../command/colors.ts";
import type { Invocation } from "../command/command.ts";
import type { FMT_LOG_OPTIONS } from "./fmt_log_command.ts";
import { type Followed, followFile } from "./follow_file.ts";
import { formatLogLine } from "./log_format.ts";
import { untilStopped } from "../command/stop_signals.ts";

/** A log cannot be read. */
export class LogFileError extends NetyardError {}

const STDIN = "-";

/**
 * The command `netyard fmt-log`: prints a log as it is read.
 *
 * @returns the exit code: always 0, also if the reader of the output is gone, and after Ctrl-C
 */
export async function fmtLog(
  { options, arguments: [path = STDIN], stdout }: Invocation<typeof FMT_LOG_OPTIONS>,
): Promise<number> {
  const format = { color: wantsColors(stdout), level: options.level, target: options.target };
  // A line of a log is an entry, however long it is.
  let lines = new LineSplitter(Infinity);
  const print = (found: readonly string[]) => {
    const texts = found.flatMap((line) => formatLogLine(line, format) ?? []);
    if (texts.length > 0) stdout.write(texts.join("\n") + "\n");
  };
  const read = async (parts: AsyncIterable<Followed>) => {
    for await (const part of parts) {
      if ("bytes" in part) print(lines.push(part.bytes));
      else {
        // What comes next is the beginning of a line.
        print(lines.end());
        lines = new LineSplitter(Infinity);
      }
      if (stdout.closed) return;
    }
    print(lines.end());
  };
  try {
    if (options.follow && path !== STDIN) {
      using stop = untilStopped();
      await read(followFile(path, stop.signal));
    } else await read(wholeOf(path));
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file; --follow waits for one"
      : `it cannot be read: ${error.message}`;
    throw new LogFileError(`${path}: ${why}`, { cause: error });
  }
  return 0;
}

async function* wholeOf(path: string): AsyncGenerator<Followed> {
  const stream = path === STDIN ? Deno.stdin.readable : (await Deno.open(path)).readable;
  for await (const bytes of stream) yield { bytes };
}
