import { fast } from "../fast.ts";
import { check, closeFd, libc } from "../libc.ts";

const EFD_NONBLOCK_CLOEXEC = 0x800 | 0x80000;
const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);

/** Wakes a thread that waits in a system call (eventfd(2)). */
export class EventFd {
  readonly fd: number = check(fast().eventfd(0, EFD_NONBLOCK_CLOEXEC), "eventfd");

  /** Makes it readable. */
  signal(): void {
    // Fails only if it is readable already.
    libc().write(this.fd, ONE, 8n);
  }

  close(): void {
    closeFd(this.fd);
  }
}
