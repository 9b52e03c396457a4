/** The descriptors of this process by which a worker thread enters a node and returns. */
export interface ThreadEntry {
  mountNamespace: number;
  pidNamespace: number;
  utsNamespace: number;
  /** The PID namespace of this process. */
  homePidNamespace: number;
  /** The working directory, which a change of the mount namespace resets. */
  cwd: string;
}

/** What a thread in a node can do without the FFI permission. */
export interface ThreadPowers {
  /** Runs a synchronous function whose child processes start in the node. */
  inside<T>(fn: () => T): T;
  /** Reads a small file of /proc, for which Deno requires all permissions. */
  readProc(path: string): string;
}

/**
 * Moves the calling worker thread into a node's UTS and mount namespaces, so that the host has the name
 * of the node, and name lookups read the files of that namespace. Returns functions that start processes in the node's PID namespace and read /proc.
 *
 * A worker gets this function as source text and calls it before it loads any module, so it must not
 * use anything from outside. There are two reasons. No variable of a module holds libc, so that the
 * user's code cannot reach it after the FFI permission is given back. And Deno resolves names on the
 * pool threads of the worker. At that time there is one such thread, which calls on the pool move
 * separately; later ones inherit the mount namespace of the worker.
 *
 * A thread may leave the mount namespace of the others when it no longer shares their working directory
 * (CLONE_FS). The mount namespace of a node shows the node's processes in /proc. This thread is not one
 * of them, so it works on a copy with the /proc beneath. `openCopy` requests a descriptor of that copy
 * from the main thread: a descriptor that this thread opened would stay open when it is terminated.
 */
export async function enterNode(
  entry: ThreadEntry,
  openCopy: (tid: number) => Promise<number>,
): Promise<ThreadPowers> {
  const CLONE_FS = 0x200;
  const CLONE_NEWNS = 0x20000;
  const CLONE_NEWUTS = 0x4000000;
  const CLONE_NEWPID = 0x20000000;
  const MNT_DETACH = 2;
  const O_CLOEXEC = 0x80000;
  const setns = { name: "setns", parameters: ["i32", "i32"], result: "i32" } as const;
  const unshare = { name: "unshare", parameters: ["i32"], result: "i32" } as const;
  const chdir = { name: "chdir", parameters: ["buffer"], result: "i32" } as const;
  const c = Deno.dlopen("libc.so.6", {
    setns,
    unshare,
    chdir,
    setnsPooled: { ...setns, nonblocking: true },
    unsharePooled: { ...unshare, nonblocking: true },
    chdirPooled: { ...chdir, nonblocking: true },
    gettid: { parameters: [], result: "i32" },
    umount2: { parameters: ["buffer", "i32"], result: "i32" },
    open: { parameters: ["buffer", "i32"], result: "i32" },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
    __errno_location: { parameters: [], result: "pointer" },
  }).symbols;
  const check = (result: number, call: string) => {
    if (result >= 0) return;
    const errno = new Deno.UnsafePointerView(c.__errno_location()!).getInt32();
    throw new Error(`a thread of the node: ${call} failed (errno ${errno})`);
  };
  const cString = (text: string) => new TextEncoder().encode(text + "\0");
  const cwd = cString(entry.cwd);

  check(c.setns(entry.utsNamespace, CLONE_NEWUTS), "setns(CLONE_NEWUTS)");
  check(c.unshare(CLONE_FS), "unshare(CLONE_FS)");
  check(c.setns(entry.mountNamespace, CLONE_NEWNS), "setns(CLONE_NEWNS)");
  check(c.unshare(CLONE_NEWNS), "unshare(CLONE_NEWNS)");
  c.umount2(cString("/proc"), MNT_DETACH);
  c.chdir(cwd);

  const copy = await openCopy(c.gettid());
  // On a busy host there may be a few pool threads, which take calls in turn. One that still shares its
  // working directory is refused by setns; a number of calls that varies reaches each of them.
  let inARow = 0;
  for (let attempt = 0;; attempt++) {
    for (let n = 0; n <= attempt % 3; n++) await c.unsharePooled(CLONE_FS);
    inARow = await c.setnsPooled(copy, CLONE_NEWNS) === 0 ? inARow + 1 : 0;
    await c.chdirPooled(cwd);
    const wasRefused = inARow <= attempt;
    if (inARow >= (wasRefused ? 6 : 1)) break;
    if (attempt === 60) throw new Error("a thread of the node: its pool cannot enter the node");
  }

  return {
    inside(fn) {
      check(c.setns(entry.pidNamespace, CLONE_NEWPID), "setns(CLONE_NEWPID)");
      try {
        return fn();
      } finally {
        check(c.setns(entry.homePidNamespace, CLONE_NEWPID), "setns(CLONE_NEWPID)");
      }
    },
    readProc(path) {
      const fd = c.open(cString(path), O_CLOEXEC);
      check(fd, `open(${path})`);
      const buffer = new Uint8Array(4096);
      const length = Number(c.read(fd, buffer, 4096n));
      c.close(fd);
      return new TextDecoder().decode(buffer.subarray(0, Math.max(0, length)));
    },
  };
}
