import { libcWith } from "./libc.ts";

/**
 * The system calls of loops that forward frames. Their parameters are pointers that were made before
 * and small integers: a call then costs 20 ns more than in C, and allocates nothing. A length is a
 * constant bigint, or is in memory (`writev`).
 */
const SYMBOLS = {
  read: { parameters: ["i32", "pointer", "usize"], result: "i32" },
  writev: { parameters: ["i32", "pointer", "i32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "pointer"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "pointer", "i32", "i32"], result: "i32" },
  ppoll: { parameters: ["pointer", "u32", "pointer", "pointer"], result: "i32" },
  mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  munmap: { parameters: ["pointer", "usize"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
  setpriority: { parameters: ["i32", "u32", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "u64"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  sendPooled: {
    name: "send",
    parameters: ["i32", "buffer", "usize", "i32"],
    result: "i32",
    nonblocking: true,
  },
  sendto: {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
    result: "isize",
  },
  pollPooled: {
    name: "poll",
    parameters: ["pointer", "u64", "i32"],
    result: "i32",
    nonblocking: true,
  },
  closePooled: { name: "close", parameters: ["i32"], result: "i32", nonblocking: true },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
} as const;

type Fast = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** The symbols of libc for the hot path, loaded on first use. */
export const fast: () => Fast = libcWith(SYMBOLS);

/** close(2) on a thread of the pool, for descriptors that take the kernel long to close. */
export async function closeLater(fd: number): Promise<void> {
  await fast().closePooled(fd);
}

/** send(2) on a thread of the pool, for requests that take the kernel long. */
export async function sendLater(fd: number, bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  return await fast().sendPooled(fd, bytes, BigInt(bytes.length), 0);
}
