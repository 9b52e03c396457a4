import { LineSplitter } from "../../files/line_splitter.ts";

// How long after a tool's end its outputs may be open without data. Then a process that it left behind
// holds them, such as a server for later builds.
const SILENCE_MS = 1000;
// Output that arrives later is not from the tool.
const LEFT_MS = 5000;

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** The outputs of a tool, which processes that it leaves behind may keep open. */
export class ToolOutputs {
  #readers: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>[] = [];
  #read = 0;

  /** Calls `act` with each piece of text until the stream ends. */
  async eachText(stream: Bytes, act: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    await this.#each(stream, (chunk) => act(decoder.decode(chunk, { stream: true })));
    act(decoder.decode());
  }

  /** Calls `act` with each line until the stream ends. */
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

  /** Resolves when all output of the tool is read; call it after the tool's end. */
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
    // A pending read would keep this process alive.
    await Promise.all(this.#readers.map((reader) => reader.cancel().catch(() => {})));
    await drained;
  }
}
