import { AppendFile } from "../events/append_file.ts";
import type { RunDirectoryError } from "../events/errors.ts";
import { TELEMETRY_FILE, type TelemetryRecord } from "./record.ts";

/** The most bytes of the file: at 500 bytes a record, half a million of them. */
export const LARGEST_FILE = 256 << 20;

/** The file `telemetry.jsonl` of a run, which is made with its first record. */
export class TelemetryFile {
  readonly #file: AppendFile;
  readonly #largest: number;
  readonly #encoder = new TextEncoder();
  #bytes = 0;

  /** `directory` is that of the run. */
  constructor(directory: string, largest: number = LARGEST_FILE) {
    const path = `${directory}/${TELEMETRY_FILE}`;
    this.#largest = largest;
    // A new file: it follows no link that is there already.
    this.#file = new AppendFile(path, () => Deno.open(path, { createNew: true, append: true }));
  }

  /** Appends records until the file is full; resolves, once they are written, with their number. */
  async append(records: readonly TelemetryRecord[]): Promise<number> {
    let kept = 0;
    let written = Promise.resolve();
    for (const record of records) {
      const line = this.#encoder.encode(`${JSON.stringify(record)}\n`);
      if (this.#bytes + line.length > this.#largest) break;
      this.#bytes += line.length;
      written = this.#file.write(line);
      kept++;
    }
    await written;
    return kept;
  }

  /** Closes the file; returns its first error, if there was one. */
  close(): Promise<RunDirectoryError | undefined> {
    return this.#file.close();
  }
}
