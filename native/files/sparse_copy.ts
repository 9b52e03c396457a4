/**
 * Files without a name, in memory (`memory_file.ts`) and on a disk (`held_file.ts`), and copies that
 * keep holes. Imports `libc`, `fast` and `memory` of `native`.
 *
 * @module
 */

import { NetyardError } from "../error.ts";
import { check, lastErrno, libcWith, SyscallError } from "../libc.ts";

const SYMBOLS = {
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  sendfile: {
    parameters: ["i32", "i32", "buffer", "usize"],
    result: "isize",
    nonblocking: true,
  },
  copy_file_range: {
    parameters: ["i32", "buffer", "i32", "buffer", "usize", "u32"],
    result: "isize",
    nonblocking: true,
  },
} as const;

type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

const symbols: () => Symbols = libcWith(SYMBOLS);

const SEEK_SET = 0;
const SEEK_END = 2;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const ENXIO = 6;

/** The most that one call copies; then the thread of the pool is free for others. */
const CHUNK_BYTES = 64 * 2 ** 20;

/** The size of an open file, in bytes. */
export function sizeOf(fd: number): number {
  return check(symbols().lseek(fd, 0n, SEEK_END), "lseek", fd, "SEEK_END");
}

/**
 * Copies the data of a file into an empty file of the same size, and leaves the holes. If the file
 * system can share data between two files, it does, which takes no time.
 *
 * @param label The name of the file in messages.
 * @throws {NetyardError} If there is no space left.
 *
 * Source: lseek(2), copy_file_range(2), sendfile(2).
 */
export async function copySparse(from: number, to: number, label: string): Promise<void> {
  let sharing = true; // Not between different file systems, and not from memory.
  for (let at = 0;;) {
    const data = nextData(from, at);
    if (!data) return;
    const [start, end] = data;
    for (at = start; at < end;) {
      const bytes = BigInt(Math.min(end - at, CHUNK_BYTES));
      let done = sharing ? await copyRange(from, to, at, bytes) : 0;
      if (done <= 0) {
        sharing = false;
        done = await send(from, to, at, bytes);
      }
      // The error number belongs to a thread of the pool, and is lost.
      if (done <= 0) {
        throw new NetyardError(
          `copying ${end - start} bytes of ${label} stopped after ${at - start}: ` +
            "no space is left on the disk or in memory; free some",
        );
      }
      at += done;
    }
  }
}

function offset(at: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new BigInt64Array([BigInt(at)]).buffer);
}

async function copyRange(from: number, to: number, at: number, bytes: bigint): Promise<number> {
  return Number(
    await symbols().copy_file_range(from, offset(at), to, offset(at), bytes, 0),
  );
}

async function send(from: number, to: number, at: number, bytes: bigint): Promise<number> {
  check(symbols().lseek(to, BigInt(at), SEEK_SET), "lseek", to, "SEEK_SET");
  return Number(await symbols().sendfile(to, from, offset(at), bytes));
}

/** The next range with data; undefined if there is none. */
function nextData(fd: number, from: number): [start: number, end: number] | undefined {
  const start = Number(symbols().lseek(fd, BigInt(from), SEEK_DATA));
  if (start < 0) {
    const errno = lastErrno();
    if (errno === ENXIO) return undefined;
    throw new SyscallError("lseek", [fd, "SEEK_DATA"], errno);
  }
  return [start, check(symbols().lseek(fd, BigInt(start), SEEK_HOLE), "lseek", fd, "SEEK_HOLE")];
}
