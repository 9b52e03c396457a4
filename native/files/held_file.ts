import {
  check,
  closeFd,
  cString,
  highFd,
  libc,
  O_CLOEXEC,
  O_RDONLY,
  O_RDWR,
  openFd,
} from "../libc.ts";
import { copySparse, sizeOf } from "./sparse_copy.ts";

const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_TMPFILE = 0o20200000;
const PRIVATE = 0o600;

/**
 * A copy of a file that has no name: it takes room on a disk, and is gone with its descriptor, so also
 * with this process.
 *
 * Source: open(2).
 */
export class HeldFile {
  #fd: number;
  #what: string;

  private constructor(fd: number, what: string) {
    this.#fd = fd;
    this.#what = what;
  }

  /**
   * A copy of the file as it is now, holes included.
   *
   * @param directory Where it takes its room: on the same file system as the file it may cost nothing.
   * @param what What it is, for messages.
   * @throws {NetyardError} If there is no room.
   */
  static async copyOf(path: string, directory: string, what: string): Promise<HeldFile> {
    const from = openFd(path, O_RDONLY | O_CLOEXEC);
    try {
      const to = highFd(openNameless(directory));
      try {
        check(libc().ftruncate(to, BigInt(sizeOf(from))), "ftruncate", what);
        await copySparse(from, to, what);
        return new HeldFile(to, what);
      } catch (error) {
        closeFd(to);
        throw error;
      }
    } finally {
      closeFd(from);
    }
  }

  /** How large it is, with what was never written. */
  get size(): number {
    return sizeOf(this.#fd);
  }

  /** Writes what it has to a file that is not there yet; a part of one is not left. */
  async write(path: string): Promise<void> {
    const flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
    const to = check(libc().open(cString(path), flags, PRIVATE), "open", path);
    try {
      check(libc().ftruncate(to, BigInt(this.size)), "ftruncate", path);
      await copySparse(this.#fd, to, this.#what);
    } catch (error) {
      await Deno.remove(path).catch(() => {});
      throw error;
    } finally {
      closeFd(to);
    }
  }

  /** Lets go of it. Calling it again does nothing. */
  close(): void {
    if (this.#fd < 0) return;
    closeFd(this.#fd);
    this.#fd = -1;
  }

  /** As {@link HeldFile.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function openNameless(directory: string): number {
  const fd = libc().open(cString(directory), O_TMPFILE | O_RDWR | O_CLOEXEC, PRIVATE);
  if (fd >= 0) return fd;
  // Not every file system has files that never had a name.
  const path = `${directory}/.${crypto.randomUUID()}`;
  const flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
  const named = check(libc().open(cString(path), flags, PRIVATE), "open", path);
  Deno.removeSync(path);
  return named;
}
