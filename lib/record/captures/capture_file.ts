import { interfaceBlock, sectionBlock } from "../../packets/mod.ts";
import { fixedBytes } from "../../../native/memory.ts";
import { RECORD_HEADER_BYTES, RECORD_OVERHEAD_BYTES } from "./packet_record.ts";

/** The ending of a capture, and of the older half of one that is still being written. */
export const ENDING = ".pcapng";
export const OLDER_ENDING = "~older.pcapng";
/** The ending of a file that is not whole yet. */
const NEW_ENDING = "~new";

const ETHERNET = 1;
/** Several large packets: each write of a busy link then has that much. */
const STAGING_BYTES = 262_144;

/** The files that a capture may have, by its path without ending. */
export function capturePaths({ path }: { path: string }): string[] {
  return [ENDING, OLDER_ENDING, NEW_ENDING].map((ending) => path + ending);
}

/** What a file begins with, before its packets. */
export function captureHeader(name: string, comment?: string): [Uint8Array, Uint8Array] {
  return [
    sectionBlock({ comment }),
    interfaceBlock({ name, linkType: ETHERNET, description: "captured by Netyard" }),
  ];
}

/** Memory for the packets of one file until they are written. */
export class Staging {
  readonly bytes: Uint8Array<ArrayBuffer> = fixedBytes(STAGING_BYTES);
  readonly words = new Uint32Array(this.bytes.buffer);
  /** The address of the first byte: its lower and upper half. */
  readonly low: number;
  readonly high: number;
  used = 0;

  constructor() {
    const address = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(this.bytes)));
    this.low = Number(address & 0xffff_ffffn);
    this.high = Number(address >> 32n);
  }

  /** Whether there is room for another packet of a length; `most` is for all of them. */
  hasRoom(length: number, most: number): boolean {
    const next = this.used + length + RECORD_OVERHEAD_BYTES;
    return next <= STAGING_BYTES && (next <= most || this.used === 0);
  }

  /** Where the data of the next packet goes. */
  get at(): number {
    return this.used + RECORD_HEADER_BYTES;
  }
}

/**
 * The file of one interface, in two halves: when the newer one has half of the permitted size, it
 * becomes the older one, whose packets are dropped. Each is a whole capture file at any time.
 */
export class CaptureFile {
  readonly path: string;
  #name: string;
  #size = 0;
  #olderSize = 0;
  /** Packets that are not written yet. */
  staging: Staging | undefined;

  constructor(path: string, name: string) {
    this.path = path;
    this.#name = name;
  }

  /** The bytes on disk. */
  get size(): number {
    return this.#size + this.#olderSize;
  }

  /** Writes what waits; begins another half after `halfBytes`. */
  flush(halfBytes: number): void {
    const { staging } = this;
    if (!staging || staging.used === 0) return;
    const bytes = staging.bytes.subarray(0, staging.used);
    staging.used = 0;
    if (this.#size > 0 && this.#size + bytes.length > halfBytes) this.#turn();
    if (this.#size === 0) return this.#begin(bytes);
    using file = Deno.openSync(this.path + ENDING, { append: true });
    this.#write(file, bytes);
  }

  /** Writes a new file, which has its name once it is whole. */
  #begin(bytes: Uint8Array): void {
    const temporary = this.path + NEW_ENDING;
    {
      using file = Deno.openSync(temporary, { write: true, create: true, truncate: true });
      for (const block of captureHeader(this.#name)) this.#write(file, block);
      this.#write(file, bytes);
    }
    Deno.renameSync(temporary, this.path + ENDING);
  }

  /** The bytes of the older half. */
  get olderSize(): number {
    return this.#olderSize;
  }

  /** Drops packets to save space: the older half, or else all. Returns how many bytes. */
  shrink(): number {
    const freed = this.#olderSize || this.#size;
    Deno.removeSync(this.path + (this.#olderSize > 0 ? OLDER_ENDING : ENDING));
    if (this.#olderSize > 0) this.#olderSize = 0;
    else this.#size = 0;
    return freed;
  }

  #turn(): void {
    Deno.renameSync(this.path + ENDING, this.path + OLDER_ENDING);
    this.#olderSize = this.#size;
    this.#size = 0;
  }

  #write(file: Deno.FsFile, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
    this.#size += bytes.length;
  }
}
