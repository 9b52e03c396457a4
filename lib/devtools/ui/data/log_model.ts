import { LineReader } from "../../model/lines.ts";
import { type LogLine, readLogLine } from "../../model/log_lines.ts";
import { Observed } from "./observed.ts";
import type { Source } from "./source.ts";

/** How much of the end of a log is read first. */
const TAIL = 8 << 20;

/** A log of a node: its last part, and what is appended. */
export class LogModel extends Observed {
  readonly path: string;
  readonly #source: Source;
  readonly #run: string;
  lines: LogLine[] = [];
  /** The bytes before the part that was read. */
  before = 0;
  loaded = false;
  error: string | undefined;
  #reader = new LineReader();
  #from = 0;
  #stop: (() => void) | undefined;
  #closed = false;

  constructor(source: Source, run: string, path: string, size: number, live: boolean) {
    super();
    this.#source = source;
    this.#run = run;
    this.path = path;
    this.#load(Math.max(0, size - TAIL), live);
  }

  /** Reads the part before that which was read. */
  async earlier(): Promise<void> {
    const wasLive = this.#stop !== undefined;
    this.#stop?.();
    this.#stop = undefined;
    await this.#load(Math.max(0, this.before - TAIL), wasLive);
  }

  /** Ends the following. */
  close(): void {
    this.#closed = true;
    this.#stop?.();
  }

  async #load(from: number, live: boolean): Promise<void> {
    this.#reset(from);
    try {
      for (let first = true; !this.#closed; first = false) {
        const part = await this.#source.read(this.#run, this.path, this.#reader.next);
        if (!part || part.bytes.length === 0) break;
        if (first && part.from !== from) this.#reset(part.from);
        this.#push(part.bytes);
        if (this.#reader.next >= part.size) break;
      }
      if (live && !this.#closed) this.#follow();
      else this.#rest();
    } catch (error) {
      this.error = (error as Error).message;
    }
    this.loaded = true;
    this.changed();
  }

  #reset(from: number): void {
    this.before = from;
    this.#from = from;
    this.lines = [];
    this.#reader = new LineReader(from);
  }

  #push(bytes: Uint8Array): void {
    for (const line of this.#reader.push(bytes)) {
      // The first line of a later part has lost its beginning.
      if (this.before > 0 && line.offset === this.#from) continue;
      if (this.before > 0 && this.lines.length === 0) this.before = line.offset;
      this.lines.push(readLogLine(line, this.lines.length));
    }
    this.changed();
  }

  /** Shows the last line of a log that does not grow, though no line break ends it. */
  #rest(): void {
    const rest = this.#reader.rest();
    if (rest) this.lines.push(readLogLine(rest, this.lines.length));
  }

  #follow(): void {
    this.#stop = this.#source.follow(this.#run, [this.path], [this.#reader.next], {
      data: (_, bytes, from) => {
        const known = this.#reader.next - from;
        if (known < bytes.length) this.#push(bytes.subarray(Math.max(0, known)));
      },
      restart: () => {
        this.#reset(0);
        this.changed();
      },
      files: ({ run, files }) => {
        const size = files.find(({ path }) => path === this.path)?.size ?? 0;
        if (run.status === "running" || this.#reader.next < size - 1) return;
        this.#stop?.();
        this.#stop = undefined;
        this.#rest();
        this.changed();
      },
      gone: () => this.#stop?.(),
      connected: () => {},
    });
  }
}
