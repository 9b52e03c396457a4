/**
 * Processes in a node: its PID and mount namespaces, commands, the dax shell, name files, and the output
 * that goes to logs. Imports `native` and knows no topology: a node is a `Host` here. Begin here, then
 * `command.ts`.
 *
 * @module
 */
import {
  closeFd,
  O_RDWR,
  openFd,
  overwrite,
  pathExists,
  readFileText,
} from "../../../native/libc.ts";
import {
  canEnterPidNamespaces,
  type Namespace,
  withChildrenIn,
  withNewPidNamespace,
} from "../../../native/namespace.ts";
import { ReportPipe } from "../../../native/process/pipe.ts";
import { findProgram, searchPath, SYSTEM_DIRECTORIES } from "../../../native/process/process.ts";
import { signalChildOf } from "../../../native/process/signal.ts";
import { SandboxError } from "./errors.ts";
import { nsswitchConf } from "./names.ts";
import type { ChildrenOptions } from "./worker_children.ts";

/**
 * The first process of a node. It makes the node's mount namespace (its own
 * hosts, resolv.conf, hostname, nsswitch.conf, /proc, and links in /sys), names the host, says `ready`, and then holds the
 * PID namespace: when the pipe at its stdin closes, because the lab closed or
 * because its process was killed, it ends, and the kernel kills every process of
 * the node with it, whatever signals they ignore. SIGCHLD is ignored so that
 * orphans are reaped. A directory that it makes on request is removed with it.
 */
const INIT = `
exec 2>"$1"
set -e
mount -t tmpfs -o size=16m,mode=755 netyard /mnt
: >/mnt/hosts >/mnt/resolv.conf
printf %s "$NETYARD_NSSWITCH" >/mnt/nsswitch.conf
for f in hosts resolv.conf; do
  [ -e /etc/$f ] || { echo "this host has no /etc/$f to put the node's over; make an empty one"; exit 1; } >&2
  mount --bind /mnt/$f /etc/$f
done
printf '%s\\n' "$3" >/mnt/hostname
for f in nsswitch.conf hostname; do [ ! -e /etc/$f ] || mount --bind /mnt/$f /etc/$f; done
# Not by /proc, which only the root of the host may write.
hostname "$3" 2>/dev/null || busybox hostname "$3" 2>/dev/null || :
# Of /sys the links alone: the rest, such as the cgroups, is the host's.
mkdir /mnt/sys
if mount -t sysfs sysfs /mnt/sys 2>/dev/null; then
  for f in class/net devices/virtual/net; do mount --bind /mnt/sys/$f /sys/$f 2>/dev/null || :; done
fi
umount -l /mnt
mount -t proc proc /proc 2>/dev/null || :
trap '' CHLD
# Nobody may be there any more to read it, which must not end what removes the directory.
[ -z "$2" ] || { trap '' PIPE; mkdir -m 700 "$2"; }
echo ready >&2 || :
exec 2>/dev/null >/dev/null
[ -n "$2" ] || exec cat
cat || :
# Processes that still run could add files meanwhile.
[ $$ != 1 ] || kill -KILL -1 || :
for _ in 1 2 3 4 5; do rm -rf "$2" && break; done
`;

/** The files by which a node resolves names. */
export interface NameFiles {
  hosts: string;
  resolvConf: string;
}

/** How a program is started in a node. */
export interface Start {
  cwd: string;
  uid?: number;
  gid?: number;
  /** For `outputSync()`: it starts threads to read by, so its own thread cannot be in the node. */
  sync?: boolean;
}

/** A first process that has not said yet that it is ready. */
interface Starting {
  init: Deno.ChildProcess;
  pipe: ReportPipe;
}

interface Running {
  init: Deno.ChildProcess;
  pidNamespace: number;
  mountNamespace: number;
  utsNamespace: number;
  hosts: number;
  resolvConf: number;
}

/**
 * The PID namespace of a node, which ends with the lab, and its mount namespace with the name files.
 * Created on first use, in about ten milliseconds; most nodes of a large lab never need one.
 */
export class Sandbox {
  #namespace: Namespace;
  #node: string;
  #names: () => NameFiles;
  #directory: string;
  #starting: Starting | undefined;
  #running: Running | undefined;
  #closed = false;
  /**
   * As root, this thread enters the PID namespace to start a process, which is then its own
   * child. Rootless it could not come back: nsenter(1) enters, and waits for the program.
   */
  #direct = canEnterPidNamespaces();

  /** `directory` is one that lives as long as the node's processes, for what they need on a disk. */
  constructor(namespace: Namespace, node: string, names: () => NameFiles, directory = "") {
    this.#namespace = namespace;
    this.#node = node;
    this.#names = names;
    this.#directory = directory;
  }

  /**
   * Starts the first process without waiting for it, for a caller that has other work to do before it
   * uses the node. An error is left to the use.
   */
  begin(): void {
    if (this.#closed || this.#running) return;
    try {
      this.#starting ??= this.#launch();
    } catch {
      // The use tries again.
    }
  }

  /** The descriptors with which threads enter the node and start processes. */
  forThreads(): {
    pidNamespace: number;
    mountNamespace: number;
    utsNamespace: number;
    children: Omit<ChildrenOptions, "variables">;
  } {
    const { pidNamespace, mountNamespace, utsNamespace } = this.#open();
    const nsenter: [string, string] = [program("nsenter"), `--pid=${fdPath(pidNamespace)}`];
    const children = { direct: this.#direct, nsenter };
    return { pidNamespace, mountNamespace, utsNamespace, children };
  }

  /** Runs a synchronous function whose child processes belong to the node. */
  enter<T>(fn: () => T): T {
    const { pidNamespace } = this.#open();
    return this.#namespace.enter(() => this.#direct ? withChildrenIn(pidNamespace, fn) : fn());
  }

  /** The command line that runs a program in the node, for a thread inside {@link Sandbox.enter}. */
  wrap(file: string, args: readonly string[], start: Start): [string, ...string[]] {
    const { mountNamespace, pidNamespace, utsNamespace } = this.#open();
    const { cwd, uid, gid, sync } = start;
    return [
      program("nsenter"),
      `--mount=${fdPath(mountNamespace)}`,
      `--uts=${fdPath(utsNamespace)}`,
      ...sync || !this.#direct ? [`--pid=${fdPath(pidNamespace)}`] : [],
      ...gid === undefined ? [] : [`--setgid=${gid}`],
      ...uid === undefined ? [] : [`--setuid=${uid}`],
      ...startIn(cwd),
      file,
      ...args,
    ];
  }

  /** Signals a process of {@link Sandbox.wrap}; undefined if it is signalled like any other. */
  get signal(): ((pid: number, signal: Deno.Signal) => void) | undefined {
    return this.#direct ? undefined : signalChildOf;
  }

  /** Updates the name files of all running processes. */
  refreshNames(): void {
    if (this.#running) this.#writeNames(this.#running);
  }

  #writeNames({ hosts, resolvConf }: Running): void {
    const names = this.#names();
    overwrite(hosts, names.hosts);
    overwrite(resolvConf, names.resolvConf);
  }

  /** Kills every process of the node and waits until they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    const init = this.#running?.init ?? this.#starting?.init;
    this.#forget();
    this.#starting?.pipe[Symbol.dispose]();
    this.#starting = undefined;
    if (!init) return;
    // When the first process ends, the kernel kills all others.
    await init.stdin.close().catch(() => {});
    await init.status;
  }

  /** Closes the descriptors of the namespaces. */
  #forget(): void {
    const running = this.#running;
    this.#running = undefined;
    if (!running) return;
    const { pidNamespace, mountNamespace, utsNamespace, hosts, resolvConf } = running;
    const opened = [pidNamespace, mountNamespace, utsNamespace, hosts, resolvConf];
    for (const fd of opened) closeFd(fd);
  }

  #open(): Running {
    if (this.#closed) throw new SandboxError(`node "${this.#node}" is closed: nothing can start`);
    return this.#running ??= this.#start();
  }

  #launch(): Starting {
    const pipe = new ReportPipe();
    try {
      return { init: this.#spawn(pipe.childPath), pipe };
    } catch (error) {
      pipe[Symbol.dispose]();
      throw error;
    }
  }

  #start(): Running {
    const { init, pipe: reports } = this.#starting ?? this.#launch();
    this.#starting = undefined;
    using pipe = reports;
    const said = pipe.readUntil("ready\n", () => isRunning(init.pid));
    if (!said.endsWith("ready\n")) {
      init.status.catch(() => {});
      init.stdin.abort().catch(() => {});
      throw new SandboxError(
        `cannot start the first process of node "${this.#node}" (mount and PID namespaces): ` +
          `${said.trim() || "it ended"}; run \`netyard doctor\` for what this host lacks`,
      );
    }
    const running = this.#hold(init);
    // If something outside kills it, all processes of the node end: the next command starts a new one.
    void init.status.then(async () => {
      if (this.#running !== running) return;
      this.#forget();
      await init.stdin.abort().catch(() => {});
    });
    return running;
  }

  /** Opens the namespaces of the first process. */
  #hold(init: Deno.ChildProcess): Running {
    const opened: number[] = [];
    const open = (path: string, flags?: number) => {
      const fd = openFd(`/proc/${init.pid}/${path}`, flags);
      opened.push(fd);
      return fd;
    };
    try {
      const running: Running = {
        init,
        pidNamespace: open("ns/pid_for_children"),
        mountNamespace: open("ns/mnt"),
        utsNamespace: open("ns/uts"),
        hosts: open("root/etc/hosts", O_RDWR),
        resolvConf: open("root/etc/resolv.conf", O_RDWR),
      };
      this.#writeNames(running);
      return running;
    } catch (error) {
      for (const fd of opened) closeFd(fd);
      init.status.catch(() => {});
      init.stdin.abort().catch(() => {});
      throw error;
    }
  }

  #spawn(reportPath: string): Deno.ChildProcess {
    const nsswitch = "/etc/nsswitch.conf";
    const command = new Deno.Command(program("unshare"), {
      args: [
        "--mount",
        "--uts",
        ...this.#direct ? [] : ["--pid", "--fork", "--kill-child=KILL"],
        ...["--", "sh", "-c", INIT, "sh", reportPath, this.#directory, this.#node],
      ],
      clearEnv: true,
      env: {
        PATH: ["/usr/bin", "/bin", ...SYSTEM_DIRECTORIES, ...searchPath()].join(":"),
        NETYARD_NSSWITCH: nsswitchConf(pathExists(nsswitch) ? readFileText(nsswitch) : ""),
      },
      cwd: "/",
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      detached: true, // Ctrl-C must not end the node before its processes are ended in order
    });
    const start = () => command.spawn();
    return this.#namespace.enter(() => this.#direct ? withNewPidNamespace(start) : start());
  }
}

/** A path by which a child of this process reaches a descriptor of it. */
export function fdPath(fd: number): string {
  return `/proc/${Deno.pid}/fd/${fd}`;
}

/** Whether a child of this process still runs. */
export function isRunning(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  if (!pathExists(stat)) return false;
  // "pid (name) state ...", and Z is a process that ended and was not waited for yet.
  return !/\) [ZX] [^)]*$/.test(readFileText(stat));
}

const programs = new Map<string, string>();

/** The path of a tool: by it, neither a command's PATH nor a lack of one matters. */
export function program(name: string): string {
  let path = programs.get(name);
  if (path === undefined) {
    path = findProgram(name, [...searchPath(), "/usr/bin", "/bin", ...SYSTEM_DIRECTORIES]);
    if (path === undefined) {
      throw new SandboxError(
        `the program ${name} is not on PATH, and nodes run their processes by it; ` +
          "install util-linux",
      );
    }
    programs.set(name, path);
  }
  return path;
}

/** The end of nsenter's options: the working directory of the program that follows. */
export function startIn(cwd: string): string[] {
  return knowsWdns() ? [`--wdns=${cwd}`, "--"] : ["--", program("env"), `--chdir=${cwd}`];
}

let wdns: boolean | undefined;

/** Whether nsenter(1) can set a working directory inside: since util-linux 2.38; Ubuntu 22.04 has 2.37. */
function knowsWdns(): boolean {
  return wdns ??= readFileText(program("nsenter")).includes("wdns");
}
