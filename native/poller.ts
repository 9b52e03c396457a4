import { fast } from "./fast.ts";
import { check, closeFd } from "./libc.ts";

const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
const EPOLLERR = 8;
const EPOLLHUP = 16;
/** The same number on x86-64 and on arm64; glibc has a wrapper for it only since 2.35. */
const SYS_EPOLL_PWAIT2 = 441;
const CLOCK_MONOTONIC = 1;
const SIGSET_SIZE = 8;
const AT_ONCE = 256;

// struct epoll_event is packed on x86-64 alone.
const STRIDE = Deno.build.arch === "x86_64" ? 3 : 4;
const DATA = STRIDE - 2;

/**
 * Waits for descriptors to become readable, with deadlines in nanoseconds. After construction it
 * allocates nothing.
 *
 * Source: epoll(7), epoll_pwait2(2) (since Linux 5.11).
 */
export class Poller {
  #fd: number;
  #events = new Uint32Array(STRIDE * AT_ONCE);
  #eventsPointer = Deno.UnsafePointer.of(this.#events)!;
  #timeout = new Uint32Array(4);
  #timeoutPointer = Deno.UnsafePointer.of(this.#timeout)!;
  #clock = new Uint32Array(4);
  #clockPointer = Deno.UnsafePointer.of(this.#clock)!;
  #symbols = fast();
  #epoch: number;

  constructor() {
    this.#fd = check(fast().epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    this.#symbols.clock_gettime(CLOCK_MONOTONIC, this.#clockPointer);
    this.#epoch = this.#clock[0];
  }

  /** Nanoseconds by the monotonic clock, from about when this was made. */
  now(): number {
    this.#symbols.clock_gettime(CLOCK_MONOTONIC, this.#clockPointer);
    return (this.#clock[0] - this.#epoch) * 1e9 + this.#clock[2];
  }

  /** Has `wait` tell of a descriptor by a number that the caller chose. */
  add(fd: number, token: number): void {
    const event = new Uint32Array(STRIDE);
    event[0] = EPOLLIN;
    event[DATA] = token;
    const bytes = new Uint8Array(event.buffer);
    check(fast().epoll_ctl(this.#fd, EPOLL_CTL_ADD, fd, bytes), "epoll_ctl", "ADD", fd);
  }

  /** Forgets a descriptor. */
  remove(fd: number): void {
    fast().epoll_ctl(this.#fd, EPOLL_CTL_DEL, fd, new Uint8Array(16));
  }

  /** Waits for at most so many nanoseconds; returns how many descriptors are ready. */
  wait(nanoseconds: number): number {
    const seconds = Math.floor(nanoseconds / 1e9);
    this.#timeout[0] = seconds;
    this.#timeout[2] = nanoseconds - seconds * 1e9;
    // A signal breaks it off, which is as if the time were over.
    return this.#symbols.syscall(
      SYS_EPOLL_PWAIT2,
      this.#fd,
      this.#eventsPointer,
      AT_ONCE,
      this.#timeoutPointer,
      null,
      SIGSET_SIZE,
    );
  }

  /** The number of the n-th descriptor that is ready. */
  token(n: number): number {
    return this.#events[n * STRIDE + DATA];
  }

  /** Whether what is behind it is gone. */
  failed(n: number): boolean {
    return (this.#events[n * STRIDE] & (EPOLLERR | EPOLLHUP)) !== 0;
  }

  close(): void {
    closeFd(this.#fd);
  }
}
