import { NetyardError } from "./error.ts";
import { fast } from "./fast.ts";

const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/**
 * Memory outside of JavaScript's heap at an address that stays, so that pointers into it can be
 * made once. The kernel gives a page when it is first touched: what is never used costs nothing.
 *
 * Source: mmap(2).
 */
export class Arena {
  /** The memory; not to be touched after {@link Arena.close}. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where it begins, for addresses inside of it. */
  readonly address: number;
  #length: bigint;

  constructor(length: number) {
    this.#length = BigInt(length);
    const start = fast().mmap(
      null,
      this.#length,
      PROT_READ_WRITE,
      MAP_PRIVATE_ANONYMOUS_NORESERVE,
      -1,
      0n,
    );
    const address = Deno.UnsafePointer.value(start);
    if (start === null || address === MAP_FAILED) {
      throw new NetyardError(
        `cannot map ${length / 2 ** 20} MiB of memory for the link emulator's queues: ` +
          "this process's address space is limited; raise `ulimit -v`",
      );
    }
    this.address = Number(address);
    this.bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(start, length));
  }

  /** A pointer to a place in the memory. */
  pointer(offset: number): Deno.PointerObject {
    return Deno.UnsafePointer.create(BigInt(this.address + offset))!;
  }

  /** Gives the memory back. */
  close(): void {
    fast().munmap(this.pointer(0), this.#length);
  }
}
