import {
  check,
  closeFd,
  createPrivateFile,
  cString,
  highFd,
  libc,
  O_CLOEXEC,
  O_RDWR,
  openFd,
  PRIVATE_MODE,
} from "../libc.ts";
import { copySparse, sizeOf } from "./sparse_copy.ts";

const O_TMPFILE = 0o20200000;

/**
 * A copy of a file without a name: it takes space on a disk, and goes with its descriptor, and so with
 * this process.
 *
 * Source: open(2).
 */
export class HeldFile {
  #fd: number;
  #label: string;

  private constructor(fd: number, label: string) {
    this.#fd = fd;
    this.#label = label;
  }

  /**
   * Copies a file as it is now, with its holes.
   *
   * @param directory Whose file system holds the copy; on that of the file it may cost nothing.
   * @param label Its name in messages.
   * @throws {NetyardError} If there is no space left.
   */
  static async copyOf(path: string, directory: string, label: string): Promise<HeldFile> {
    const from = openFd(path);
    try {
      const to = highFd(openNameless(directory));
      try {
        check(libc().ftruncate(to, BigInt(sizeOf(from))), "ftruncate", label);
        await copySparse(from, to, label);
        return new HeldFile(to, label);
      } catch (error) {
        closeFd(to);
        throw error;
      }
    } finally {
      closeFd(from);
    }
  }

  /** Its size in bytes, holes included. */
  get size(): number {
    return sizeOf(this.#fd);
  }

  /** Writes its content to a new file; after a failure there is no file. */
  async write(path: string): Promise<void> {
    const to = createPrivateFile(path);
    try {
      check(libc().ftruncate(to, BigInt(this.size)), "ftruncate", path);
      await copySparse(this.#fd, to, this.#label);
    } catch (error) {
      await Deno.remove(path).catch(() => {});
      throw error;
    } finally {
      closeFd(to);
    }
  }

  /** Closes the descriptor, with which the copy goes. Idempotent. */
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
  const fd = libc().open(cString(directory), O_TMPFILE | O_RDWR | O_CLOEXEC, PRIVATE_MODE);
  if (fd >= 0) return fd;
  // Not every file system supports O_TMPFILE.
  const path = `${directory}/.${crypto.randomUUID()}`;
  const named = createPrivateFile(path);
  Deno.removeSync(path);
  return named;
}
