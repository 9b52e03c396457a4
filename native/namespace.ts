import { NetyardError } from "./error.ts";
import {
  check,
  closeFd,
  descriptorLimit,
  FD_SETSIZE,
  highFd,
  libc,
  openFd,
  SyscallError,
} from "./libc.ts";
import type { Message, MessageWriter } from "./netlink/codec.ts";
import { exchange, isRefusal, openNetlink } from "./netlink/socket.ts";

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

const SIOCGSKNS = 0x894cn;

/**
 * Opens the namespace that this thread is in and that a socket was made in, by the socket where the
 * kernel can: it is ten times faster than by a path. From {@link LOW} on, by a high descriptor.
 */
function openHere(socket: number): number {
  const open = () => {
    const fd = libc().ioctl(socket, SIOCGSKNS, null);
    return fd < 0 ? openFd(SELF) : fd;
  };
  let fd = open();
  limit ??= descriptorLimit();
  if (fd >= limit - SPARE) {
    closeFd(fd);
    Namespace.dropSockets();
    fd = open();
  }
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
  return fd < LOW || fd >= FD_SETSIZE ? fd : highFd(fd);
}

/** A lab that is built asks one router again and again, and each of its devices once. */
const RECENT = 4;
/** The namespaces that keep a socket, which would keep them alive; the latest is the last. */
const recent: Namespace[] = [];

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
  /** A netlink socket, as long as the namespace is among the {@link recent} ones. */
  #socket: number | undefined;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Makes a new, empty network namespace. Costs about half a millisecond in the kernel. */
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
    this.#mustBeOpen("enter()");
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

  /**
   * As `rtnetlink()` from inside, without going there.
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

  /** Keeps a socket for the next request, in place of the one that was used least lately. */
  #keep(socket: number): void {
    this.#socket = socket;
    if (recent.at(-1) === this) return;
    const known = recent.indexOf(this);
    if (known >= 0) recent.splice(known, 1);
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
   * Closes the sockets that namespaces keep for their next request, which then makes a new one.
   *
   * @internal
   */
  static dropSockets(): void {
    for (const namespace of [...recent]) namespace.#drop();
  }

  /** Lets go of the namespace, once nothing is inside. Calling it again does nothing. */
  close(): void {
    this.#closed = true;
    this.#drop();
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
