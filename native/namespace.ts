import { NetyardError } from "./error.ts";
import {
  check,
  closeFd,
  descriptorLimit,
  libc,
  openFd,
  spareLowFds,
  SyscallError,
} from "./libc.ts";
import type { Message, MessageWriter } from "./netlink/codec.ts";
import { exchange, isRefusal, openNetlink } from "./netlink/socket.ts";

const CLONE_NEWPID = 0x20000000;
const CLONE_NEWNET = 0x40000000;

// The entry of this thread: /proc/self would be the main thread.
const SELF = "/proc/thread-self/ns/net";

/** The namespace of this thread; opened before the first move. */
let here: number | undefined;

function current(): number {
  return here ??= openFd(SELF);
}

function move(fd: number): void {
  check(libc().setns(fd, CLONE_NEWNET), "setns", fd, "CLONE_NEWNET");
  here = fd;
}

/** Descriptors that namespaces leave for other uses: without them, nothing could even be undone. */
const RESERVED = 32;
const EMFILE = 24;
let limit: number | undefined;

const SIOCGSKNS = 0x894cn;

/**
 * Opens the namespace of this thread, in which `socket` was made: by the socket if the kernel can,
 * which is ten times faster than by a path.
 */
function openHere(socket: number): number {
  const open = () => {
    const fd = libc().ioctl(socket, SIOCGSKNS, null);
    return fd < 0 ? openFd(SELF) : fd;
  };
  let fd = open();
  limit ??= descriptorLimit();
  if (fd >= limit - RESERVED) {
    closeFd(fd);
    Namespace.dropSockets();
    fd = open();
  }
  if (fd >= limit - RESERVED) {
    closeFd(fd);
    throw new SyscallError(
      "open",
      [SELF],
      EMFILE,
      `this process may have ${limit} descriptors open, and a namespace takes one: ` +
        "raise the limit by `ulimit -n`, or make fewer nodes",
    );
  }
  return spareLowFds(fd);
}

/** While a lab is built, one router gets many requests, and each of its devices one. */
const RECENT = 4;
/** The namespaces with an open socket, which keeps them alive; the one used last is the last. */
const recent: Namespace[] = [];

/** A network namespace was used after it was closed. */
export class NamespaceClosedError extends NetyardError {}

/**
 * A network namespace, held by a file descriptor: it lives as long as the descriptor, a process or a
 * socket in it, and has no name on the host.
 *
 * @example
 * ```ts
 * import { Namespace } from "@netyard/netyard";
 *
 * const ns = Namespace.create();
 * const names = ns.enter(() => Deno.networkInterfaces().map((i) => i.name)); // no link is up yet
 * ns.close();
 * ```
 *
 * Source: network_namespaces(7), setns(2).
 */
export class Namespace {
  #fd: number;
  #closed = false;
  /** How many calls of {@link Namespace.enter} are in progress: they may return to this descriptor. */
  #inside = 0;
  /** A netlink socket, while the namespace is one of the {@link recent} ones. */
  #socket: number | undefined;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Makes a new, empty network namespace, which takes the kernel about half a millisecond. */
  static create(): Namespace {
    const old = current();
    check(libc().unshare(CLONE_NEWNET), "unshare", "CLONE_NEWNET");
    let socket = -1;
    try {
      socket = openNetlink();
      const namespace = new Namespace(openHere(socket));
      namespace.#keep(socket);
      return namespace;
    } catch (error) {
      if (socket >= 0) closeFd(socket);
      throw error;
    } finally {
      move(old);
    }
  }

  /** The file descriptor, -1 once closed. */
  get fd(): number {
    return this.#fd;
  }

  /** A path to this namespace for other processes of the same user (nsenter, ip). */
  get path(): string {
    return `/proc/${Deno.pid}/fd/${this.#fd}`;
  }

  /**
   * Runs a synchronous function in this namespace. Sockets, processes and workers that it makes stay
   * in it; the thread is back in its old namespace when the call returns or throws.
   */
  enter<T>(fn: () => T): T {
    this.#mustBeOpen("enter()");
    const old = current();
    move(this.#fd);
    this.#inside++;
    try {
      return fn();
    } finally {
      move(old);
      this.#inside--;
      if (this.#closed) this.#closeFd();
    }
  }

  /**
   * Calls `rtnetlink()` for this namespace, without entering it.
   *
   * @internal
   */
  rtnetlink(write: (batch: MessageWriter) => void): Message[] {
    this.#mustBeOpen("rtnetlink()");
    const socket = this.#socket ?? this.enter(openNetlink);
    this.#keep(socket);
    try {
      return exchange(socket, write);
    } catch (error) {
      if (!isRefusal(error)) this.#drop();
      throw error;
    }
  }

  #mustBeOpen(what: string): void {
    if (!this.#closed) return;
    throw new NamespaceClosedError(
      `${what}: this namespace is closed, and may be gone; make another by Namespace.create()`,
    );
  }

  /** Keeps a socket for the next request, and closes the least recently used one. */
  #keep(socket: number): void {
    this.#socket = socket;
    if (recent.at(-1) === this) return;
    const index = recent.indexOf(this);
    if (index >= 0) recent.splice(index, 1);
    recent.push(this);
    if (recent.length > RECENT) recent[0].#drop();
  }

  #drop(): void {
    if (this.#socket === undefined) return;
    closeFd(this.#socket);
    this.#socket = undefined;
    recent.splice(recent.indexOf(this), 1);
  }

  /**
   * Closes the sockets that namespaces keep for their next request.
   *
   * @internal
   */
  static dropSockets(): void {
    for (const namespace of [...recent]) namespace.#drop();
  }

  /** Closes the descriptor, when no call of {@link Namespace.enter} is in progress. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#drop();
    this.#closeFd();
  }

  #closeFd(): void {
    if (this.#fd < 0 || this.#inside > 0) return;
    closeFd(this.#fd);
    this.#fd = -1;
  }

  /** As {@link Namespace.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** The default PID namespace of this thread's children; open as long as the thread. */
let homePid: number | undefined;

/** A descriptor of the PID namespace of this process. */
export function homePidNamespace(): number {
  return homePid ??= openFd("/proc/thread-self/ns/pid");
}

function restorePidNamespace(): void {
  const home = homePidNamespace();
  check(libc().setns(home, CLONE_NEWPID), "setns", home, "CLONE_NEWPID");
}

/**
 * Runs a synchronous function whose children start in another PID namespace, and so end when the first
 * process of that namespace does (pid_namespaces(7)). The function must not start a thread: the kernel
 * refuses that.
 */
export function withChildrenIn<T>(pidNamespaceFd: number, fn: () => T): T {
  homePidNamespace();
  check(libc().setns(pidNamespaceFd, CLONE_NEWPID), "setns", pidNamespaceFd, "CLONE_NEWPID");
  try {
    return fn();
  } finally {
    restorePidNamespace();
  }
}

/** Runs a synchronous function whose first child becomes the init of a new PID namespace. */
export function withNewPidNamespace<T>(fn: () => T): T {
  homePidNamespace();
  check(libc().unshare(CLONE_NEWPID), "unshare", "CLONE_NEWPID");
  try {
    return fn();
  } finally {
    restorePidNamespace();
  }
}

let canReturn: boolean | undefined;

/**
 * Whether this thread may start children in another PID namespace, and then in its own again. The return
 * needs CAP_SYS_ADMIN over the PID namespace of the process, which root of a user namespace does not
 * have (setns(2)).
 */
export function canEnterPidNamespaces(): boolean {
  return canReturn ??= libc().setns(homePidNamespace(), CLONE_NEWPID) === 0;
}
