import { NetyardError } from "../error.ts";
import { check, lastErrno, libc, SyscallError } from "../libc.ts";

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

let loaded: Symbols | undefined;

function symbols(): Symbols {
  if (loaded) return loaded;
  libc(); // Says what is missing where libc cannot be loaded.
  return loaded = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

const SEEK_SET = 0;
const SEEK_END = 2;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const ENXIO = 6;

/** What one call copies at most: the pool's thread is then free for others. */
const AT_ONCE = 64 * 2 ** 20;

/** How large an open file is, in bytes. */
export function sizeOf(fd: number): number {
  return check(symbols().lseek(fd, 0n, SEEK_END), "lseek", fd, "SEEK_END");
}

/**
 * Copies what was written to a file into one that is as large and has nothing, and leaves the holes.
 * Where the file system can have two files share what they have, they do, which takes no time.
 *
 * @param what What is copied, for messages.
 * @throws {NetyardError} If there is no room.
 *
 * Source: lseek(2), copy_file_range(2), sendfile(2).
 */
export async function copySparse(from: number, to: number, what: string): Promise<void> {
  let sharing = true; // Not between file systems of two kinds, and not from memory.
  for (let at = 0;;) {
    const data = nextData(from, at);
    if (!data) return;
    const [start, end] = data;
    for (at = start; at < end;) {
      const bytes = BigInt(Math.min(end - at, AT_ONCE));
      let done = sharing ? await copyRange(from, to, at, bytes) : 0;
      if (done <= 0) {
        sharing = false;
        done = await send(from, to, at, bytes);
      }
      // The error number is that of a thread of the pool, and lost.
      if (done <= 0) {
        throw new NetyardError(
          `copying ${end - start} bytes of ${what} stopped after ${at - start}: ` +
            "there is no room left for them, on the disk or in memory; make some",
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

/** The next place with data, and where it ends; undefined when there is none. */
function nextData(fd: number, from: number): [start: number, end: number] | undefined {
  const start = Number(symbols().lseek(fd, BigInt(from), SEEK_DATA));
  if (start < 0) {
    const errno = lastErrno();
    if (errno === ENXIO) return undefined;
    throw new SyscallError("lseek", [fd, "SEEK_DATA"], errno);
  }
  return [start, check(symbols().lseek(fd, BigInt(start), SEEK_HOLE), "lseek", fd, "SEEK_HOLE")];
}
