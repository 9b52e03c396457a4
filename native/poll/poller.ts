import { fast } from "../fast.ts";
import { check, closeFd } from "../libc.ts";

const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
const EPOLLERR = 8;
const EPOLLHUP = 16;
const POLLIN = 1;
const CLOCK_MONOTONIC = 1;
const AT_ONCE = 256;
/**
 * The kernel may end a sleep late by a thousandth of it (`select_estimate_accuracy`): of a long one,
 * so much is left for a short one after it.
 */
const SLACK = 1 / 1000;
/** What a processor takes to come back from sleep. */
const LOOK_NS = 60_000;
const LOOK_SHARE = 0.1;

// struct epoll_event is packed on x86-64 alone.
const STRIDE = Deno.build.arch === "x86_64" ? 3 : 4;
const DATA = STRIDE - 2;

/** Memory that stays where it is: that of a small array of its own may be moved. */
function words(count: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(new ArrayBuffer(4 * count));
}

/**
 * Waits for descriptors to become readable, with deadlines in nanoseconds. After construction it
 * allocates nothing.
 *
 * epoll_wait(2) knows milliseconds alone, and epoll_pwait2(2) is not on every kernel: the sleeping is
 * done by ppoll(2), on the epoll descriptor.
 *
 * Source: epoll(7).
 */
export class Poller {
  #fd: number;
  #events = words(STRIDE * AT_ONCE);
  #eventsPointer = Deno.UnsafePointer.of(this.#events)!;
  // struct pollfd
  #self = words(2);
  #selfPointer = Deno.UnsafePointer.of(this.#self)!;
  // struct timespec
  #timeout = words(4);
  #timeoutPointer = Deno.UnsafePointer.of(this.#timeout)!;
  #clock = words(4);
  #clockPointer = Deno.UnsafePointer.of(this.#clock)!;
  #symbols = fast();
  #epoch: number;

  constructor() {
    this.#fd = check(fast().epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    this.#self[0] = this.#fd;
    this.#self[1] = POLLIN;
    this.#symbols.clock_gettime(CLOCK_MONOTONIC, this.#clockPointer);
    this.#epoch = this.#clock[0];
  }

  /** Its own descriptor, which is readable while any that it waits for is. */
  get fd(): number {
    return this.#fd;
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

  /**
   * Waits for at most so many nanoseconds, or a little less; returns how many descriptors are ready.
   * The end of a wait is not slept but spent looking, at most a tenth of it: from sleep, a processor
   * takes its time to come back.
   */
  wait(nanoseconds: number): number {
    const ready = this.#ready();
    if (ready > 0 || nanoseconds <= 0) return ready;
    const end = this.now() + nanoseconds;
    const look = Math.min(LOOK_NS, nanoseconds * LOOK_SHARE);
    const early = Math.max(look, nanoseconds * SLACK);
    const woken = this.#sleep(nanoseconds - early);
    // A signal breaks it off, which is as if the time were over.
    if (woken !== 0) return woken > 0 ? this.#ready() : 0;
    return early > look ? 0 : this.#lookUntil(end);
  }

  #sleep(nanoseconds: number): number {
    const seconds = Math.floor(nanoseconds / 1e9);
    this.#timeout[0] = seconds;
    this.#timeout[2] = nanoseconds - seconds * 1e9;
    return this.#symbols.ppoll(this.#selfPointer, 1, this.#timeoutPointer, null);
  }

  #lookUntil(end: number): number {
    while (this.now() < end) {
      const ready = this.#ready();
      if (ready > 0) return ready;
    }
    return 0;
  }

  #ready(): number {
    return this.#symbols.epoll_wait(this.#fd, this.#eventsPointer, AT_ONCE, 0);
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
