import { check, closeFd, cString, libc, openFd } from "./libc.ts";
import { CLONE_FS, CLONE_NEWNS } from "./namespace.ts";

const MNT_DETACH = 2;

/**
 * Moves the calling worker thread into a mount namespace, so that its name
 * lookups read that namespace's files.
 *
 * A thread may leave the others' mount namespace once it no longer shares their
 * working directory (CLONE_FS). Deno looks names up on pool threads, which
 * inherit from the worker those that are started after it moved; the one that
 * already loaded this module is moved by itself, by calls that run on the pool.
 *
 * The namespace shows the processes of the node in /proc; this thread belongs to
 * none of them, so it works on a copy with the /proc beneath.
 */
export async function enterMountNamespace(fd: number): Promise<void> {
  const c = libc();
  check(c.unshare(CLONE_FS), "unshare", "CLONE_FS");
  check(c.setns(fd, CLONE_NEWNS), "setns", fd, "CLONE_NEWNS");
  check(c.unshare(CLONE_NEWNS), "unshare", "CLONE_NEWNS");
  c.umount2(cString("/proc"), MNT_DETACH);
  const own = openFd("/proc/thread-self/ns/mnt");
  try {
    // Twice: two pool threads may be there. One that is in already refuses, and stays.
    for (let i = 0; i < 2; i++) {
      await c.unsharePooled(CLONE_FS);
      await c.setnsPooled(own, CLONE_NEWNS);
    }
  } finally {
    closeFd(own);
  }
}
