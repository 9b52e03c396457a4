import { CaptureError } from "./capture_errors.ts";
import type { CapturedPacket } from "./packet.ts";
import { PCAP_HEADER_BYTES } from "../../packets/file/pcap.ts";
import { PcapReader } from "./pcap.ts";

/** The bytes of a capture, for any number of readers, each from the start. */
export class CaptureBuffer {
  #label: string;
  #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #reader = new PcapReader();
  #packetCount = 0;
  #drained = PCAP_HEADER_BYTES;
  #ended = false;
  #reason: Error | undefined;
  #news = Promise.withResolvers<void>();

  /** `maxBytes` is its capacity. */
  constructor(label: string, maxBytes: number) {
    this.#label = label;
    this.#maxBytes = maxBytes;
  }

  /** The number of complete packets. */
  get packetCount(): number {
    return this.#packetCount;
  }

  /** Adds bytes; throws if they exceed the capacity, after adding as many as fit. */
  add(chunk: Uint8Array): void {
    const taken = chunk.subarray(0, this.#maxBytes - this.#size);
    if (taken.length > 0) {
      this.#chunks.push(taken);
      this.#size += taken.length;
      this.#packetCount += this.#reader.feed(taken).length;
      this.#tell();
    }
    if (taken.length < chunk.length) {
      throw new CaptureError(
        `${this.#label} ended after ${this.#packetCount} packets: it reached maxBytes ` +
          `(${this.#maxBytes}); raise that, or capture less, by filter or snapLength`,
      );
    }
  }

  /** Ends it; `reason` is the error, unless the end was requested. */
  end(reason?: Error): void {
    this.#ended = true;
    this.#reason = reason;
    this.#tell();
  }

  /** Throws the reason of its end, unless the end was requested. */
  check(): void {
    if (this.#reason) throw this.#reason;
  }

  /** Resolves when this number of packets has come, or no more will. */
  async has(packets: number): Promise<void> {
    while (this.#packetCount < packets && !this.#ended) await this.#news.promise;
  }

  /** Returns the complete packets as a pcap file. */
  whole(): Uint8Array[] {
    return this.#slice(0, this.#reader.end);
  }

  /** Returns the packets since the last call as a pcap file. */
  drain(): Uint8Array {
    const from = this.#drained;
    const to = this.#reader.end;
    if (to <= from) this.check();
    this.#drained = to;
    const parts = [...this.#slice(0, PCAP_HEADER_BYTES), ...this.#slice(from, to)];
    const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      file.set(part, at);
      at += part.length;
    }
    return file;
  }

  /** Returns all bytes, as they come. */
  stream(): ReadableStream<Uint8Array> {
    const chunks = this.#follow();
    return new ReadableStream({
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return();
      },
    }, { highWaterMark: 0 });
  }

  /** Returns all packets, as they come; `return()` also ends a wait for the next. */
  packets(): AsyncIterableIterator<CapturedPacket> & { return(): Promise<IteratorResult<never>> } {
    const reader = new PcapReader();
    const chunks = this.#follow();
    let ready: CapturedPacket[] = [];
    let at = 0;
    return {
      async next() {
        while (at === ready.length) {
          const { done, value } = await chunks.next();
          if (done) return { done, value: undefined };
          [ready, at] = [reader.feed(value), 0];
        }
        return { done: false, value: ready[at++] };
      },
      return: () => chunks.return(),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Returns copies of the chunks, since readers may change or transfer them. */
  #follow() {
    let next = 0;
    const over = Promise.withResolvers<void>();
    let end = Infinity;
    return {
      next: async (): Promise<IteratorResult<Uint8Array, undefined>> => {
        for (;;) {
          if (next < Math.min(end, this.#chunks.length)) {
            return { done: false, value: this.#chunks[next++].slice() };
          }
          if (end < Infinity) break;
          if (this.#ended) {
            this.check();
            break;
          }
          await Promise.race([this.#news.promise, over.promise]);
        }
        return { done: true, value: undefined };
      },
      return: (): Promise<IteratorResult<never>> => {
        end = this.#chunks.length;
        over.resolve();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /** Returns a range of bytes. */
  #slice(from: number, to: number): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let start = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.slice(Math.max(0, from - start), Math.max(0, to - start));
      if (part.length > 0) parts.push(part);
      start += chunk.length;
      if (start >= to) break;
    }
    return parts;
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
