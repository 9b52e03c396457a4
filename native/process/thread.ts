/** By what a worker thread enters a node: descriptors of this process, and the way back. */
export interface ThreadEntry {
  mountNamespace: number;
  pidNamespace: number;
  /** The PID namespace of this process. */
  homePidNamespace: number;
  /** The working directory, which entering a mount namespace loses. */
  cwd: string;
}

/** What a thread that entered a node can do without the FFI permission. */
export interface ThreadPowers {
  /** Runs a synchronous function with new child processes put into the node. */
  inside<T>(fn: () => T): T;
  /** Reads a small file of /proc, which Deno guards. */
  readProc(path: string): string;
}

/**
 * Moves the calling worker thread into a node's mount namespace, so that its name
 * lookups read that namespace's files, and returns the ways by which it starts
 * processes in the node's PID namespace and finds them.
 *
 * A worker gets this function as source text and calls it before it loads any
 * module, so nothing here may come from outside. There are two reasons. libc is
 * in no module's variable, so that no code of the user's can reach it once the
 * FFI permission is given back. And Deno looks names up on the worker's pool
 * threads, of which there is one at that time; it is moved by itself, by calls
 * that run on the pool, and the others inherit from the worker, which has moved.
 *
 * A thread may leave the others' mount namespace once it no longer shares their
 * working directory (CLONE_FS). The node's mount namespace shows its processes
 * in /proc; this thread belongs to none of them, so it works on a copy with the
 * /proc beneath. `openCopy` asks the main thread for a descriptor of that copy:
 * one that this thread opened would stay open when it is terminated.
 */
export async function enterNode(
  entry: ThreadEntry,
  openCopy: (tid: number) => Promise<number>,
): Promise<ThreadPowers> {
  const CLONE_FS = 0x200;
  const CLONE_NEWNS = 0x20000;
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

  check(c.unshare(CLONE_FS), "unshare(CLONE_FS)");
  check(c.setns(entry.mountNamespace, CLONE_NEWNS), "setns(CLONE_NEWNS)");
  check(c.unshare(CLONE_NEWNS), "unshare(CLONE_NEWNS)");
  c.umount2(cString("/proc"), MNT_DETACH);
  c.chdir(cwd);

  const copy = await openCopy(c.gettid());
  // A second pool thread would share its working directory still, and setns would refuse it.
  for (let attempt = 0; attempt < 8; attempt++) {
    await c.unsharePooled(CLONE_FS);
    const result = await c.setnsPooled(copy, CLONE_NEWNS);
    await c.chdirPooled(cwd);
    if (result === 0) break;
    if (attempt === 7) throw new Error("a thread of the node: its pool cannot enter the node");
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
