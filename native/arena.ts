import { NetyardError } from "./error.ts";
import { fast } from "./fast.ts";
import { fixedBytes, mapMemory } from "./memory.ts";

const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;

/**
 * Memory outside of JavaScript's heap at a fixed address, so that pointers into it are made once. The
 * kernel provides a page when it is first used: unused pages cost nothing.
 *
 * Source: mmap(2).
 */
export class Arena {
  /** The memory. An access after {@link Arena.close} crashes the process. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The address of its first byte. */
  readonly address: number;
  #length: bigint;
  // struct iovec
  #vector = new Uint32Array(fixedBytes(16).buffer);
  #vectorPointer = Deno.UnsafePointer.of(this.#vector)!;
  #writev = fast().writev;

  constructor(length: number) {
    this.#length = BigInt(length);
    const start = mapMemory(length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE);
    if (!start) {
      throw new NetyardError(
        `cannot map ${
          length / 2 ** 20
        } MiB of memory: the address space of this process is limited; ` +
          "raise `ulimit -v`",
      );
    }
    this.address = Number(Deno.UnsafePointer.value(start));
    this.bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(start, length));
  }

  /** A pointer to an offset in the memory. */
  pointer(offset: number): Deno.PointerObject {
    return Deno.UnsafePointer.create(BigInt(this.address + offset))!;
  }

  /** Writes bytes of the memory to a descriptor; returns the result of writev(2). Allocates nothing. */
  write(fd: number, offset: number, length: number): number {
    const address = this.address + offset;
    const low = address >>> 0;
    this.#vector[0] = low;
    this.#vector[1] = (address - low) / 2 ** 32;
    this.#vector[2] = length;
    return this.#writev(fd, this.#vectorPointer, 1);
  }

  /** Returns the memory to the kernel. */
  close(): void {
    fast().munmap(this.pointer(0), this.#length);
  }
}
