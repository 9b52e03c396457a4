import { LineSplitter } from "../../files/line_splitter.ts";

// How long after a tool's end its outputs may be silent and still open: then something that it has
// left behind holds them, such as a server that later builds use.
const SILENCE_MS = 1000;
// What still prints then is not the tool.
const LEFT_MS = 5000;

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** What a tool prints, as long as it or something that it has left behind prints. */
export class ToolOutputs {
  #readers: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>[] = [];
  #read = 0;

  /** Calls `act` with what comes, until there is no more. */
  async eachText(stream: Bytes, act: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    await this.#each(stream, (chunk) => act(decoder.decode(chunk, { stream: true })));
    act(decoder.decode());
  }

  /** The same by lines, without their ends. */
  async eachLine(stream: Bytes, act: (line: string) => void): Promise<void> {
    const splitter = new LineSplitter();
    await this.#each(stream, (chunk) => splitter.push(chunk).forEach(act));
    splitter.end().forEach(act);
  }

  async #each(stream: Bytes, act: (chunk: Uint8Array) => void): Promise<void> {
    const reader = stream.getReader();
    this.#readers.push(reader);
    for (let next; !(next = await reader.read()).done;) {
      this.#read = performance.now();
      act(next.value);
    }
  }

  /** Resolves, after the tool's end, when all that it printed is read. */
  async closed(drained: Promise<unknown>): Promise<void> {
    let isDrained = false;
    const done = drained.then(() => void (isDrained = true));
    this.#read = performance.now();
    const late = this.#read + LEFT_MS;
    while (!isDrained) {
      const now = performance.now();
      const left = Math.min(this.#read + SILENCE_MS, late) - now;
      if (left <= 0) break;
      let timer: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([done, new Promise((resolve) => timer = setTimeout(resolve, left))]);
      clearTimeout(timer);
    }
    // A stream that is being read would keep the process.
    await Promise.all(this.#readers.map((reader) => reader.cancel().catch(() => {})));
    await drained;
  }
}
