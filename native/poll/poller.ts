/**
 * Waiting for descriptors: `poller.ts` for a thread with a loop of its own, `watch.ts` beside Deno's
 * event loop, and `eventfd.ts` to wake a thread. Imports `libc`, `fast` and `memory` of `native`.
 *
 * @module
 */

import { fast } from "../fast.ts";
import { check, closeFd } from "../libc.ts";
import { fixedBytes } from "../memory.ts";

const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
const EPOLLERR = 8;
const EPOLLHUP = 16;
const POLLIN = 1;
const CLOCK_MONOTONIC = 1;
const MAX_EVENTS = 256;
/**
 * The kernel may end a sleep late by a thousandth of it (`select_estimate_accuracy`): a long sleep ends
 * early by this share, and a short one follows.
 */
const SLACK = 1 / 1000;
/** The time that a processor needs to wake up. */
const SPIN_NS = 60_000;
const SPIN_SHARE = 0.1;

// struct epoll_event is packed on x86-64 alone.
const STRIDE = Deno.build.arch === "x86_64" ? 3 : 4;
const DATA = STRIDE - 2;

function words(count: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(fixedBytes(4 * count).buffer);
}

/**
 * Waits for descriptors to become readable, with deadlines in nanoseconds. Allocates nothing after its
 * construction.
 *
 * epoll_wait(2) has only milliseconds, and not every kernel has epoll_pwait2(2): it sleeps by ppoll(2)
 * on the epoll descriptor.
 *
 * Source: epoll(7).
 */
export class Poller {
  #fd: number;
  #events = words(STRIDE * MAX_EVENTS);
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

  /** Its own descriptor, which is readable while any descriptor that it waits for is. */
  get fd(): number {
    return this.#fd;
  }

  /** Nanoseconds of the monotonic clock, since about the construction. */
  now(): number {
    this.#symbols.clock_gettime(CLOCK_MONOTONIC, this.#clockPointer);
    return (this.#clock[0] - this.#epoch) * 1e9 + this.#clock[2];
  }

  /** Adds a descriptor, which {@link Poller.token} reports by the number `token`. */
  add(fd: number, token: number): void {
    const event = new Uint32Array(STRIDE);
    event[0] = EPOLLIN;
    event[DATA] = token;
    const bytes = new Uint8Array(event.buffer);
    check(fast().epoll_ctl(this.#fd, EPOLL_CTL_ADD, fd, bytes), "epoll_ctl", "ADD", fd);
  }

  /** Removes a descriptor. */
  remove(fd: number): void {
    fast().epoll_ctl(this.#fd, EPOLL_CTL_DEL, fd, new Uint8Array(16));
  }

  /**
   * Waits until a descriptor is ready, for `nanoseconds` or a little less; returns how many are ready.
   * It spins instead of sleeping at the end of a wait, for a tenth of it at most, because a processor
   * needs time to wake up.
   */
  wait(nanoseconds: number): number {
    const ready = this.#ready();
    if (ready > 0 || nanoseconds <= 0) return ready;
    const end = this.now() + nanoseconds;
    const spin = Math.min(SPIN_NS, nanoseconds * SPIN_SHARE);
    const early = Math.max(spin, nanoseconds * SLACK);
    const woken = this.#sleep(nanoseconds - early);
    // A signal ends the sleep, as if the time were over.
    if (woken !== 0) return woken > 0 ? this.#ready() : 0;
    return early > spin ? 0 : this.#spinUntil(end);
  }

  #sleep(nanoseconds: number): number {
    const seconds = Math.floor(nanoseconds / 1e9);
    this.#timeout[0] = seconds;
    this.#timeout[2] = nanoseconds - seconds * 1e9;
    return this.#symbols.ppoll(this.#selfPointer, 1, this.#timeoutPointer, null);
  }

  #spinUntil(end: number): number {
    while (this.now() < end) {
      const ready = this.#ready();
      if (ready > 0) return ready;
    }
    return 0;
  }

  #ready(): number {
    return this.#symbols.epoll_wait(this.#fd, this.#eventsPointer, MAX_EVENTS, 0);
  }

  /** The token of the n-th ready descriptor. */
  token(n: number): number {
    return this.#events[n * STRIDE + DATA];
  }

  /** Whether the n-th ready descriptor has failed: its link is gone, or the other end is closed. */
  failed(n: number): boolean {
    return (this.#events[n * STRIDE] & (EPOLLERR | EPOLLHUP)) !== 0;
  }

  close(): void {
    closeFd(this.#fd);
  }
}
