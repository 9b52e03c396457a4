import { fast } from "../fast.ts";
import {
  check,
  closeFd,
  cString,
  duplicateFd,
  highFd,
  lastErrno,
  libc,
  O_RDWR,
  openFd,
  SyscallError,
} from "../libc.ts";
import { copySparse, sizeOf } from "./sparse_copy.ts";

const SYMBOLS = {
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  fallocate: { parameters: ["i32", "i32", "i64", "i64"], result: "i32" },
  memcmp: { parameters: ["pointer", "pointer", "usize"], result: "i32" },
} as const;

type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let loaded: Symbols | undefined;

function symbols(): Symbols {
  if (loaded) return loaded;
  libc(); // Says what is missing where libc cannot be loaded.
  return loaded = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

const MFD_CLOEXEC = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const PAGE = 4_096;
const PROT_READ = 1;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const KEEP_SIZE_AND_PUNCH_HOLE = 3;
const O_CLOEXEC = 0x80000;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const PRIVATE = 0o600;

const MEMORY = "a guest's memory";

/**
 * A file that is nowhere but in memory: it has no name, and is gone with the last descriptor of it,
 * so also with this process and its children. Pages that were never written cost nothing.
 *
 * Source: memfd_create(2).
 */
export class MemoryFile {
  #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Makes a file of so many bytes, all zero; `name` is seen in /proc alone. */
  static create(name: string, bytes: number): MemoryFile {
    const fd = check(symbols().memfd_create(cString(name), MFD_CLOEXEC), "memfd_create", name);
    const file = new MemoryFile(highFd(fd));
    try {
      check(libc().ftruncate(file.#fd, BigInt(bytes)), "ftruncate", name, bytes);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** A file with what another file has. */
  static async read(name: string, path: string): Promise<MemoryFile> {
    const from = openFd(path);
    try {
      const file = MemoryFile.create(name, sizeOf(from));
      try {
        await copySparse(from, file.#fd, MEMORY);
        return file;
      } catch (error) {
        file.close();
        throw error;
      }
    } finally {
      closeFd(from);
    }
  }

  /** The file descriptor, -1 once closed. */
  get fd(): number {
    return this.#fd;
  }

  /** By what a child opens it that was started {@link MemoryFile.inherited}. */
  get pathInChild(): string {
    return `/proc/self/fd/${this.#fd}`;
  }

  /** How large it is, with what was never written. */
  get size(): number {
    return sizeOf(this.#fd);
  }

  /** Another file with the same bytes. */
  async copy(name: string): Promise<MemoryFile> {
    // It may be closed meanwhile.
    const from = duplicate(this.#fd);
    try {
      const copy = MemoryFile.create(name, sizeOf(from));
      try {
        await copySparse(from, copy.#fd, MEMORY);
        return copy;
      } catch (error) {
        copy.close();
        throw error;
      }
    } finally {
      closeFd(from);
    }
  }

  /** Writes what it has to a new file, with holes where nothing was ever written. */
  async write(path: string): Promise<void> {
    const from = duplicate(this.#fd);
    try {
      const flags = O_RDWR | O_CREAT | O_EXCL;
      const to = check(libc().open(cString(path), flags | O_CLOEXEC, PRIVATE), "open", path);
      try {
        check(libc().ftruncate(to, BigInt(sizeOf(from))), "ftruncate", path);
        await copySparse(from, to, MEMORY);
      } finally {
        closeFd(to);
      }
    } finally {
      closeFd(from);
    }
  }

  /**
   * Makes holes of all pages that have nothing but zeros, which reads the whole file; nobody may write
   * to it meanwhile. It takes about 0.2 ms for a MiB.
   */
  dropZeros(): void {
    const { size } = this;
    const start = fast().mmap(null, BigInt(size), PROT_READ, MAP_SHARED, this.#fd, 0n);
    if (start === null || Deno.UnsafePointer.value(start) === MAP_FAILED) {
      throw new SyscallError("mmap", [this.#fd, size], lastErrno());
    }
    try {
      let zeros = 0; // Where those begin that were seen last.
      for (let at = 0; at < size; at += PAGE) {
        if (isZero(Deno.UnsafePointer.offset(start, at)!)) continue;
        this.#punch(zeros, at);
        zeros = at + PAGE;
      }
      this.#punch(zeros, size);
    } finally {
      fast().munmap(start, BigInt(size));
    }
  }

  #punch(from: number, to: number): void {
    if (from >= to) return;
    check(
      symbols().fallocate(this.#fd, KEEP_SIZE_AND_PUNCH_HOLE, BigInt(from), BigInt(to - from)),
      "fallocate",
      "PUNCH_HOLE",
    );
  }

  /**
   * Runs a synchronous function that starts a child, which inherits the file. A child that another
   * thread starts at the same time may inherit it too, and keeps it for as long as it lives.
   */
  inherited<T>(start: () => T): T {
    check(libc().fcntl(this.#fd, F_SETFD, 0), "fcntl", "F_SETFD");
    try {
      return start();
    } finally {
      libc().fcntl(this.#fd, F_SETFD, FD_CLOEXEC);
    }
  }

  /** Lets go of it. Calling it again does nothing. */
  close(): void {
    if (this.#fd < 0) return;
    closeFd(this.#fd);
    this.#fd = -1;
  }

  /** As {@link MemoryFile.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function duplicate(fd: number): number {
  return highFd(check(duplicateFd(fd, 0), "fcntl", fd, "F_DUPFD_CLOEXEC"));
}

let zeroPage: Deno.PointerValue;
const zeroBytes = new Uint8Array(new ArrayBuffer(PAGE));

function isZero(page: Deno.PointerValue): boolean {
  zeroPage ??= Deno.UnsafePointer.of(zeroBytes);
  return symbols().memcmp(page, zeroPage, BigInt(PAGE)) === 0;
}
