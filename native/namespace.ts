import { NetyardError } from "./error.ts";
import {
  check,
  closeFd,
  descriptorLimit,
  duplicateFd,
  FD_SETSIZE,
  libc,
  openFd,
  SyscallError,
} from "./libc.ts";

const CLONE_NEWPID = 0x20000000;
const CLONE_NEWNET = 0x40000000;

// A thread's own entry: /proc/self would name the main thread.
const SELF = "/proc/thread-self/ns/net";

/** The namespace that this thread is in now; opened before the first move. */
let here: number | undefined;

function current(): number {
  return here ??= openFd(SELF);
}

function move(fd: number): void {
  check(libc().setns(fd, CLONE_NEWNET), "setns", fd, "CLONE_NEWNET");
  here = fd;
}

/** From here to FD_SETSIZE, descriptors are left to libraries that wait by select(2). */
const LOW = FD_SETSIZE / 2;

/** Descriptors that are left for all else: without them, what was begun could not even be undone. */
const SPARE = 32;
const EMFILE = 24;
let limit: number | undefined;

/** Opens the namespace that this thread is in; from {@link LOW} on by a high descriptor. */
function openHere(): number {
  const fd = openFd(SELF);
  limit ??= descriptorLimit();
  if (fd >= limit - SPARE) {
    closeFd(fd);
    throw new SyscallError(
      "open",
      [SELF],
      EMFILE,
      `this process may have ${limit} descriptors open, and a namespace takes one: ` +
        "raise the limit by `ulimit -n`, or make fewer nodes",
    );
  }
  if (fd < LOW || fd >= FD_SETSIZE) return fd;
  const high = duplicateFd(fd, FD_SETSIZE);
  if (high < 0) return fd;
  closeFd(fd);
  return high;
}

/** A namespace was used after it was closed. */
export class NamespaceClosedError extends NetyardError {}

/**
 * A network namespace, held by a file descriptor: it lives as long as the
 * descriptor, a process or a socket in it does, and has no name on the host.
 *
 * @example
 * ```ts
 * import { Namespace } from "@netyard/netyard";
 *
 * const ns = Namespace.create();
 * const names = ns.enter(() => Deno.networkInterfaces().map((i) => i.name)); // none is up yet
 * ns.close();
 * ```
 *
 * Source: network_namespaces(7), setns(2).
 */
export class Namespace {
  #fd: number;
  #closed = false;
  /** How many calls of {@link Namespace.enter} are inside: the way back out of theirs is here. */
  #inside = 0;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Makes a new, empty network namespace. Costs about half a millisecond in the kernel. */
  static create(): Namespace {
    const old = current();
    check(libc().unshare(CLONE_NEWNET), "unshare", "CLONE_NEWNET");
    try {
      return new Namespace(openHere());
    } finally {
      move(old);
    }
  }

  /** The file descriptor, -1 once closed. */
  get fd(): number {
    return this.#fd;
  }

  /** A path by which other processes of the same user reach this namespace (nsenter, ip). */
  get path(): string {
    return `/proc/${Deno.pid}/fd/${this.#fd}`;
  }

  /**
   * Runs a synchronous function inside. Sockets, processes and workers that it
   * makes belong to this namespace for good; the thread is back in the old one
   * when the call returns or throws.
   */
  enter<T>(fn: () => T): T {
    if (this.#closed) {
      throw new NamespaceClosedError(
        "enter(): this namespace is closed, and may be gone; make another by Namespace.create()",
      );
    }
    const old = current();
    move(this.#fd);
    this.#inside++;
    try {
      return fn();
    } finally {
      move(old);
      this.#inside--;
      if (this.#closed) this.#letGo();
    }
  }

  /** Lets go of the namespace, once nothing is inside. Calling it again does nothing. */
  close(): void {
    this.#closed = true;
    this.#letGo();
  }

  #letGo(): void {
    if (this.#fd < 0 || this.#inside > 0) return;
    closeFd(this.#fd);
    this.#fd = -1;
  }

  /** As {@link Namespace.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** The PID namespace that this thread's children belong to by default; open as long as the thread. */
let homePid: number | undefined;

/** A descriptor of the PID namespace that this process is in. */
export function homePidNamespace(): number {
  return homePid ??= openFd("/proc/thread-self/ns/pid");
}

function childrenAtHome(): void {
  const home = homePidNamespace();
  check(libc().setns(home, CLONE_NEWPID), "setns", home, "CLONE_NEWPID");
}

/**
 * Runs a synchronous function with new children put into another PID
 * namespace, so that they end when its first process does (pid_namespaces(7)).
 * No thread may be started meanwhile: the kernel refuses it.
 */
export function withChildrenIn<T>(pidNamespaceFd: number, fn: () => T): T {
  homePidNamespace();
  check(libc().setns(pidNamespaceFd, CLONE_NEWPID), "setns", pidNamespaceFd, "CLONE_NEWPID");
  try {
    return fn();
  } finally {
    childrenAtHome();
  }
}

/** Runs a synchronous function whose first child becomes the init of a new PID namespace. */
export function withNewPidNamespace<T>(fn: () => T): T {
  homePidNamespace();
  check(libc().unshare(CLONE_NEWPID), "unshare", "CLONE_NEWPID");
  try {
    return fn();
  } finally {
    childrenAtHome();
  }
}

let canReturn: boolean | undefined;

/**
 * Whether this thread may put children into another PID namespace and come back.
 * The way back needs CAP_SYS_ADMIN over the PID namespace that the process itself
 * is in, which root of a user namespace made for it does not have (setns(2)).
 */
export function canEnterPidNamespaces(): boolean {
  return canReturn ??= libc().setns(homePidNamespace(), CLONE_NEWPID) === 0;
}
