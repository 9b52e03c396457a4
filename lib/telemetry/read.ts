import { RunDirectoryError } from "../events/errors.ts";
import { LineSplitter } from "../files/line_splitter.ts";
import { parseTelemetry, TELEMETRY_FILE, type TelemetryRecord } from "./record.ts";

/** How much {@linkcode readTelemetry} reads. */
export interface ReadTelemetryOptions {
  /** The most records; the first ones are returned. Default 500,000. */
  limit?: number;
}

/** The telemetry of a run. */
export interface TelemetryRun {
  /** The records, in the order in which they were received. */
  records: TelemetryRecord[];
  /** The number of complete lines that are no records, for example because the file was damaged. */
  damaged: number;
  /** Whether there are more records than were returned. */
  more: boolean;
}

const DEFAULT_LIMIT = 500_000;

/**
 * The most characters of a line. The writer keeps to less; a longer line counts as damaged.
 */
const LONGEST_LINE = 1 << 20;

/**
 * Reads the spans, logs and metrics of a run, also while the lab runs. An incomplete last line is
 * ignored; a run without telemetry has no records.
 *
 * @param directory the directory of the run, as for `readRun()`
 * @throws {RunDirectoryError} the file exists and cannot be read
 *
 * @example
 * ```ts
 * import { readTelemetry } from "@netyard/netyard";
 *
 * const { records } = await readTelemetry(await Deno.makeTempDir());
 * for (const record of records) {
 *   if (record.type === "span") console.log(record.node, record.name, record.endMs - record.startMs);
 * }
 * ```
 */
export async function readTelemetry(
  directory: string,
  { limit = DEFAULT_LIMIT }: ReadTelemetryOptions = {},
): Promise<TelemetryRun> {
  const run: TelemetryRun = { records: [], damaged: 0, more: false };
  const path = `${directory}/${TELEMETRY_FILE}`;
  try {
    using file = await Deno.open(path);
    const lines = new LineSplitter(LONGEST_LINE);
    // Without end(): what follows the last line break is not complete.
    for await (const chunk of file.readable) {
      for (const line of lines.push(chunk)) {
        const record = parseTelemetry(line);
        if (record === undefined) run.damaged++;
        else if (run.records.length < limit) run.records.push(record);
        else return { ...run, more: true };
      }
    }
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return run;
    throw new RunDirectoryError(`cannot read ${path}: ${(cause as Error).message}`, path, {
      cause,
    });
  }
  return run;
}
