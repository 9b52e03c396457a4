/**
 * The calls to the kernel: the only folder with `Deno.dlopen`. System calls are synchronous functions
 * that throw a `SyscallError`. Folders below: `netlink` (links, addresses, routes, rules), `frames`
 * (TAPs, TUNs, packet sockets), `poll`, `process`, `files`, `ndp`, `kvm`. Imports nothing of `lib`.
 * Begin here, then read `namespace.ts`.
 *
 * @module
 */

import { NetyardError } from "./error.ts";
import { errnoMeaning, errnoName } from "./errno.ts";

/**
 * A system call that the kernel refused.
 *
 * @example
 * ```ts
 * import { SyscallError } from "@netyard/netyard";
 *
 * const error = new SyscallError("setns", [5, "CLONE_NEWNET"], 1);
 * console.assert(error.code === "EPERM");
 * ```
 *
 * Source: errno(3).
 */
export class SyscallError extends NetyardError {
  /** The name of the system call, for example `setns`. */
  readonly call: string;
  /** The arguments, in readable form. */
  readonly args: readonly (string | number)[];
  /** The error number. */
  readonly errno: number;
  /** The symbolic name of the error number, for example `EPERM`. */
  readonly code: string;

  /** `hint` says what to do. */
  constructor(call: string, args: readonly (string | number)[], errno: number, hint = "") {
    const code = errnoName(errno);
    super(
      `${call}(${args.join(", ")}) failed: ${code} (${errnoMeaning(errno)})${hint && `; ${hint}`}`,
    );
    this.call = call;
    this.args = args;
    this.errno = errno;
    this.code = code;
  }
}

/** The process lacks a Deno permission that the operation needs. */
export class MissingPermissionError extends NetyardError {}

const SYMBOLS = {
  unshare: { parameters: ["i32"], result: "i32" },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  access: { parameters: ["buffer", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  geteuid: { parameters: [], result: "u32" },
  signal: { parameters: ["i32", "usize"], result: "usize" },
  execve: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** The symbols of libc, loaded on first use; the library stays open as long as the thread. */
export const libc: () => Libc = libcWith(SYMBOLS);

/** Returns a function that loads some symbols of libc on its first call. */
export function libcWith<Symbols extends Deno.ForeignLibraryInterface>(
  symbols: Symbols,
): () => Deno.DynamicLibrary<Symbols>["symbols"] {
  let loaded: Deno.DynamicLibrary<Symbols>["symbols"] | undefined;
  return () => loaded ??= loadLibc(symbols);
}

function loadLibc<Symbols extends Deno.ForeignLibraryInterface>(
  symbols: Symbols,
): Deno.DynamicLibrary<Symbols>["symbols"] {
  try {
    return Deno.dlopen("libc.so.6", symbols).symbols;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new MissingPermissionError(
        "Netyard calls libc for namespaces and netlink, and this process may not: add --allow-ffi",
        { cause: error },
      );
    }
    throw new NetyardError(
      `cannot load libc.so.6 (${(error as Error).message}); Netyard needs Linux with glibc`,
      { cause: error },
    );
  }
}

const encoder = new TextEncoder();

/** A NUL-terminated string for a C call. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text + "\0");
}

/** The error number of the last failed call of this thread. */
export function lastErrno(): number {
  const location = libc().__errno_location();
  return location ? new Deno.UnsafePointerView(location).getInt32() : 0;
}

/** Returns the result of a call; throws a {@link SyscallError} if it is negative. */
export function check(
  result: number | bigint,
  call: string,
  ...args: (string | number)[]
): number {
  const value = Number(result);
  if (value < 0) throw new SyscallError(call, args, lastErrno());
  return value;
}

const EINTR = 4;
const EAGAIN = 11;

/**
 * Repeats a blocking call as long as signals interrupt it (signal(7)). The handler of the signal may
 * leave EAGAIN as the error number, by which a blocking call never fails itself.
 */
export function uninterrupted(call: () => number | bigint): number {
  for (;;) {
    const value = Number(call());
    if (value >= 0 || ![EINTR, EAGAIN].includes(lastErrno())) return value;
  }
}

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CLOEXEC = 0x80000;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
/** Mode of a file that only its owner can read and write. */
export const PRIVATE_MODE = 0o600;
/** select(2) can wait only for descriptors below this number. */
export const FD_SETSIZE = 1024;

/** open(2), always with O_CLOEXEC, so that children inherit only what they are given. */
export function openFd(path: string, flags: number = O_RDONLY): number {
  return check(libc().open(cString(path), flags | O_CLOEXEC, 0), "open", path);
}

/** Creates a file that only this user can read, and opens it; fails if it exists. */
export function createPrivateFile(path: string): number {
  const flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
  return check(libc().open(cString(path), flags, PRIVATE_MODE), "open", path);
}

/** close(2); ignores that a descriptor is closed already. */
export function closeFd(fd: number): void {
  libc().close(fd);
}

const RLIMIT_NOFILE = 7;

/** The largest number of open descriptors of this process (getrlimit(2)). */
export function descriptorLimit(): number {
  const limits = new BigUint64Array(2);
  check(libc().getrlimit(RLIMIT_NOFILE, new Uint8Array(limits.buffer)), "getrlimit");
  return Number(limits[0]);
}

const F_DUPFD_CLOEXEC = 1030;

/** Copies `fd` to the lowest free descriptor from `least` on (fcntl(2)); -1 if there is none. */
export function duplicateFd(fd: number, least: number): number {
  return libc().fcntl(fd, F_DUPFD_CLOEXEC, least);
}

const F_GETFD = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;

/** Whether a descriptor is open (fcntl(2)). */
export function isOpen(fd: number): boolean {
  return libc().fcntl(fd, F_GETFD, 0) >= 0;
}

/** Makes children not inherit a descriptor. */
export function closeOnExec(fd: number): void {
  check(libc().fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl", fd, "F_SETFD");
}

const F_SETPIPE_SZ = 1031;

/** Sets the capacity of a pipe, if the kernel allows it: an ordinary user gets 1 MiB at most (pipe(7)). */
export function growPipe(fd: number, bytes: number): void {
  libc().fcntl(fd, F_SETPIPE_SZ, bytes);
}

/**
 * Moves a descriptor to a number from {@link FD_SETSIZE} on, which leaves the lower ones to libraries
 * that wait by select(2). Returns it unchanged if there is no room.
 */
export function highFd(fd: number): number {
  const high = duplicateFd(fd, FD_SETSIZE);
  if (high < 0) return fd;
  closeFd(fd);
  return high;
}

/** As {@link highFd}, once half of the descriptors below {@link FD_SETSIZE} are used. */
export function spareLowFds(fd: number): number {
  return fd < FD_SETSIZE / 2 || fd >= FD_SETSIZE ? fd : highFd(fd);
}

/**
 * Reads a whole file through libc: for `/proc`, Deno requires `--allow-all`, although the kernel lets
 * any process read its own entries.
 */
export function readFileBytes(path: string): Uint8Array<ArrayBuffer> {
  const fd = openFd(path);
  try {
    const parts: Uint8Array[] = [];
    for (;;) {
      const buffer = new Uint8Array(65536);
      const n = check(libc().read(fd, buffer, 65536n), "read", path);
      if (n === 0) break;
      parts.push(buffer.subarray(0, n));
    }
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  } finally {
    closeFd(fd);
  }
}

/** As {@link readFileBytes}, as text. */
export function readFileText(path: string): string {
  return new TextDecoder().decode(readFileBytes(path));
}

/** Writes a string to an existing file in one write(2), as sysctl files require. */
export function writeFileText(path: string, text: string): void {
  const fd = openFd(path, O_WRONLY);
  try {
    const bytes = encoder.encode(text);
    check(libc().write(fd, bytes, BigInt(bytes.length)), "write", path, text);
  } finally {
    closeFd(fd);
  }
}

/** Replaces the content of an open file. A concurrent reader never finds it empty. */
export function overwrite(fd: number, text: string): void {
  const bytes = encoder.encode(text);
  const { length } = bytes;
  for (let at = 0; at < length;) {
    const rest = bytes.subarray(at);
    const written = libc().pwrite(fd, rest, BigInt(rest.length), BigInt(at));
    at += check(written, "pwrite", fd, `${rest.length} bytes`);
  }
  check(libc().ftruncate(fd, BigInt(length)), "ftruncate", fd, length);
}

/** readlink(2). */
export function readLink(path: string): string {
  const buffer = new Uint8Array(4096);
  const n = check(libc().readlink(cString(path), buffer, 4096n), "readlink", path);
  return new TextDecoder().decode(buffer.subarray(0, n));
}

/** Whether a path exists. Needs no read permission of Deno. */
export function pathExists(path: string): boolean {
  return libc().access(cString(path), 0) === 0;
}
