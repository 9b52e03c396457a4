import { PacketStore } from "../../model/packets/packet_store.ts";
import type { RunFile } from "../../model/types.ts";
import { Observed } from "./observed.ts";
import type { Source } from "./source.ts";

/** The most bytes of captures that are read. */
const MOST_BYTES = 256 << 20;

/** Bytes of one request. The first is small, so that the first picture comes soon. */
const FIRST_PART = 256 << 10;
const PART = 4 << 20;

/** Bytes between two looks at the clock, and how long reading may take before the page draws. */
const SLICE_BYTES = 128 << 10;
const SLICE_MS = 10;

/** The list is put together so often while it is read. */
const MERGE_MS = 200;

/** The last bytes that were read of a file: they tell whether it is still the same one. */
const TAIL = 64;

const CAPTURE = /^captures\/.*\.pcapng$/;

/** A file, as far as it is read. */
interface Reading {
  next: number;
  tail: Uint8Array;
}

/** The packets of a run: the captures that were written, which may still grow. */
export class PacketModel extends Observed {
  readonly store = new PacketStore();
  /** Whether all that was listed is read. */
  loaded = false;
  /** Captures that were not, or not fully, read, and why. */
  problems = new Map<string, string>();
  readonly #source: Source;
  readonly #run: string;
  readonly #reading = new Map<string, Reading>();
  #files: readonly RunFile[] | undefined;
  #working = false;
  #closed = false;
  #mergedAt = -Infinity;

  constructor(source: Source, run: string) {
    super();
    this.#source = source;
    this.#run = run;
  }

  /** Ends the reading. */
  close(): void {
    this.#closed = true;
  }

  /** Reads what is new in the captures of a list of files. */
  update(files: readonly RunFile[]): void {
    if (this.#files === files) return;
    this.#files = files;
    if (!this.#working) this.#work();
  }

  /** The whole bytes of a capture. */
  async bytesOf(path: string): Promise<Blob> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (let from = 0;;) {
      const part = await this.#source.read(this.#run, path, from);
      if (!part || part.bytes.length === 0) break;
      parts.push(part.bytes as Uint8Array<ArrayBuffer>);
      from = part.from + part.bytes.length;
      if (from >= part.size) break;
    }
    return new Blob(parts, { type: "application/x-pcapng" });
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let files = undefined as readonly RunFile[] | undefined; files !== this.#files;) {
      files = this.#files!;
      await this.#readAll(files.filter(({ path }) => CAPTURE.test(path)));
    }
    this.#working = false;
  }

  async #readAll(captures: readonly RunFile[]): Promise<void> {
    const paths = new Set(captures.map(({ path }) => path));
    for (const path of this.#reading.keys()) if (!paths.has(path)) this.#forget(path);
    const wanting = captures.filter(({ path, size }) => this.#reading.get(path)?.next !== size);
    let most = FIRST_PART;
    // A part of each in turn: the first picture has something of all.
    for (let left = [...wanting]; left.length > 0 && !this.#closed; most = PART) {
      const more: RunFile[] = [];
      for (const file of left) {
        try {
          if (await this.#readPart(file, most)) more.push(file);
        } catch (error) {
          this.problems.set(file.path, (error as Error).message);
        }
        if (this.#closed) return;
      }
      left = more;
    }
    for (const { path } of captures) this.#noteDamage(path);
    this.#merge();
    this.loaded = true;
    this.changed();
  }

  /** Reads a part of a file; returns whether there is more. */
  async #readPart(file: RunFile, most: number): Promise<boolean> {
    const { path } = file;
    let known = this.#reading.get(path);
    if (known && file.size < known.next) known = this.#forget(path);
    if (!known) this.#reading.set(path, known = { next: 0, tail: new Uint8Array() });
    const total = [...this.#reading.values()].reduce((sum, { next }) => sum + next, 0);
    if (total >= MOST_BYTES || this.store.isFull) {
      this.problems.set(path, "it is not, or not fully, read: there are too many packets");
      return false;
    }
    const from = known.next - known.tail.length;
    const part = await this.#source.read(this.#run, path, from, most + known.tail.length);
    if (!part || part.bytes.length === 0) {
      if (file.size > 0 && !this.#source.live) {
        this.problems.set(path, "it is not in this page: together the captures would be too large");
      }
      return false;
    }
    if (!begins(part.bytes, known.tail)) {
      // Another file has its name now: its older half went away, or came back.
      this.#forget(path);
      return true;
    }
    const bytes = part.bytes.subarray(known.tail.length);
    let until = performance.now() + SLICE_MS;
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      this.store.feed(path, bytes.subarray(at, at + SLICE_BYTES));
      if (performance.now() < until) continue;
      if (performance.now() - this.#mergedAt > MERGE_MS) this.#merge();
      await pause();
      until = performance.now() + SLICE_MS;
    }
    // What comes after damage is not read.
    if (this.store.captures.get(path)?.reader.fault) known.next = part.size;
    else known.next += bytes.length;
    known.tail = part.bytes.slice(-TAIL);
    return bytes.length > 0 && known.next < part.size;
  }

  #noteDamage(path: string): void {
    const fault = this.store.captures.get(path)?.reader.fault;
    if (fault) this.problems.set(path, `it is damaged at ${fault.message}`);
  }

  #forget(path: string): undefined {
    this.#reading.delete(path);
    this.problems.delete(path);
    this.store.remove(path);
  }

  #merge(): void {
    this.#mergedAt = performance.now();
    this.store.merge();
    this.changed();
  }
}

function begins(bytes: Uint8Array, tail: Uint8Array): boolean {
  return tail.every((byte, i) => bytes[i] === byte);
}

const pause = () => new Promise((resolve) => setTimeout(resolve));
