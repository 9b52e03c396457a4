import type { FilesAnswer, RunsAnswer } from "../../model/types.ts";
import { bytesOf } from "./base64.ts";
import type { FilePart, Source } from "./source.ts";

interface Head {
  answer: RunsAnswer;
  files: { run: string; path: string; size: number; from: number; length: number }[];
}

/** Runs that are in the page itself: `netyard show --html`. */
export class EmbeddedSource implements Source {
  readonly live = false;
  readonly #answer: RunsAnswer;
  readonly #files = new Map<string, FilePart>();

  private constructor({ answer, files }: Head, data: Uint8Array) {
    this.#answer = answer;
    let at = 0;
    for (const { run, path, size, from, length } of files) {
      this.#files.set(`${run}\n${path}`, { bytes: data.subarray(at, at + length), from, size });
      at += length;
    }
  }

  /** Unpacks the data: a length of 4 bytes, JSON of that length, and the files one after the other. */
  static async open(base64: string): Promise<EmbeddedSource> {
    const stream = new Blob([bytesOf(base64)]).stream()
      .pipeThrough(new DecompressionStream("gzip"));
    const all = new Uint8Array(await new Response(stream).arrayBuffer());
    const length = new DataView(all.buffer).getUint32(0);
    const head: Head = JSON.parse(new TextDecoder().decode(all.subarray(4, 4 + length)));
    return new EmbeddedSource(head, all.subarray(4 + length));
  }

  runs(): Promise<RunsAnswer> {
    return Promise.resolve(this.#answer);
  }

  files(id: string): Promise<FilesAnswer> {
    const run = this.#answer.invocations.flatMap(({ runs }) => runs).find((run) => run.id === id);
    if (!run) return Promise.reject(new Error("there is no such run in this page"));
    const prefix = `${id}\n`;
    const files = [...this.#files].filter(([key]) => key.startsWith(prefix))
      .map(([key, { size }]) => ({ path: key.slice(prefix.length), size }));
    return Promise.resolve({ run, files });
  }

  read(run: string, path: string, from: number): Promise<FilePart | undefined> {
    const part = this.#files.get(`${run}\n${path}`);
    if (!part) return Promise.resolve(undefined);
    const start = Math.max(0, from - part.from);
    return Promise.resolve({
      bytes: part.bytes.subarray(start),
      from: part.from + start,
      size: part.from + part.bytes.length,
    });
  }

  follow(): () => void {
    return () => {};
  }
}
