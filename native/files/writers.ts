import { closeFd, lastErrno, libc, openFd, SyscallError } from "../libc.ts";

const F_SETLEASE = 1024;
const F_RDLCK = 0;
const F_UNLCK = 2;
const EAGAIN = 11;

/**
 * Whether any process has a file open for writing, as far as the kernel tells: it grants a read lease
 * (fcntl(2), F_SETLEASE) only if none has. False also for a file of another user, for one that this
 * process may not read, and on file systems without leases.
 *
 * A program that is open for writing cannot be started (ETXTBSY). After its writer has closed it, a child
 * of the writer holds a copy of the descriptor between fork() and exec().
 */
export function isOpenForWriting(path: string): boolean {
  let fd: number;
  try {
    fd = openFd(path);
  } catch (error) {
    if (error instanceof SyscallError) return false;
    throw error;
  }
  try {
    if (libc().fcntl(fd, F_SETLEASE, F_RDLCK) >= 0) {
      libc().fcntl(fd, F_SETLEASE, F_UNLCK);
      return false;
    }
    return lastErrno() === EAGAIN;
  } finally {
    closeFd(fd);
  }
}
