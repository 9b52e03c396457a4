import { LineSplitter } from "../../files/line_splitter.ts";
import { outputEnd } from "../values/output_end.ts";

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
    await outputEnd(drained, () => this.#read);
    // A pending read would keep this process alive.
    await Promise.all(this.#readers.map((reader) => reader.cancel().catch(() => {})));
    await drained;
  }
}
