import { closeFd, O_RDWR, openFd, overwrite, pathExists, readFileText } from "../../native/libc.ts";
import {
  canEnterPidNamespaces,
  type Namespace,
  withChildrenIn,
  withNewPidNamespace,
} from "../../native/namespace.ts";
import { InheritedPipe } from "../../native/pipe.ts";
import { signalChildOf } from "../../native/signal.ts";
import { SandboxError } from "./errors.ts";
import { nsswitchConf } from "./names.ts";

/**
 * The first process of a node. It makes the node's mount namespace (its own
 * hosts, resolv.conf, nsswitch.conf and /proc), says `ready`, and then holds the
 * PID namespace: when the pipe at its stdin closes, because the lab closed or
 * because its process was killed, it ends, and the kernel kills every process of
 * the node with it, whatever signals they ignore. SIGCHLD is ignored so that
 * orphans are reaped.
 */
const INIT = `
exec 2>"$1"
set -e
mount -t tmpfs -o size=1m,mode=755 netyard /mnt
printf %s "$NETYARD_HOSTS" >/mnt/hosts
printf %s "$NETYARD_RESOLV" >/mnt/resolv.conf
printf %s "$NETYARD_NSSWITCH" >/mnt/nsswitch.conf
for f in hosts resolv.conf nsswitch.conf; do
  [ ! -e /etc/$f ] || mount --bind /mnt/$f /etc/$f
done
umount -l /mnt
mount -t proc proc /proc 2>/dev/null || :
trap '' CHLD
echo ready >&2
exec 2>/dev/null >/dev/null cat
`;

/** What a node resolves names by. */
export interface NameFiles {
  hosts: string;
  resolvConf: string;
}

interface Running {
  init: Deno.ChildProcess;
  pidNamespace: number;
  mountNamespace: number;
  hosts: number;
  resolvConf: number;
}

/**
 * Where the processes of one node live: a PID namespace that ends with the lab,
 * and a mount namespace with the node's own names. Made on first use, in about
 * ten milliseconds; most nodes of a large lab never need one.
 */
export class Sandbox {
  #namespace: Namespace;
  #node: string;
  #names: () => NameFiles;
  #running: Running | undefined;
  #closed = false;
  /**
   * As root, this thread enters the PID namespace to start a process, which is then its own
   * child. Rootless it could not come back: nsenter(1) enters, and waits for the program.
   */
  #direct = canEnterPidNamespaces();

  constructor(namespace: Namespace, node: string, names: () => NameFiles) {
    this.#namespace = namespace;
    this.#node = node;
    this.#names = names;
  }

  /** The descriptors, of this process, by which threads enter. */
  get handles(): { pidNamespace: number; mountNamespace: number; direct: boolean } {
    const { pidNamespace, mountNamespace } = this.#open();
    return { pidNamespace, mountNamespace, direct: this.#direct };
  }

  /** Runs a synchronous function whose child processes belong to the node. */
  enter<T>(fn: () => T): T {
    const { pidNamespace } = this.#open();
    return this.#namespace.enter(() => this.#direct ? withChildrenIn(pidNamespace, fn) : fn());
  }

  /** The command line that runs a program in the node, for a thread inside {@link Sandbox.enter}. */
  wrap(program: string, args: readonly string[], cwd: string): [string, ...string[]] {
    return this.#nsenter(!this.#direct, program, args, cwd);
  }

  /**
   * As {@link Sandbox.wrap}, for `outputSync()`: it starts threads to read by, so that this thread
   * cannot be the one that enters the PID namespace.
   */
  wrapSync(program: string, args: readonly string[], cwd: string): [string, ...string[]] {
    return this.#nsenter(true, program, args, cwd);
  }

  #nsenter(
    pid: boolean,
    program: string,
    args: readonly string[],
    cwd: string,
  ): [string, ...string[]] {
    const { mountNamespace, pidNamespace } = this.#open();
    return [
      "nsenter",
      `--mount=${fdPath(mountNamespace)}`,
      ...pid ? [`--pid=${fdPath(pidNamespace)}`] : [],
      `--wdns=${cwd}`,
      "--",
      program,
      ...args,
    ];
  }

  /** How to signal a process that was started by {@link Sandbox.wrap}; undefined: as any other. */
  get signal(): ((pid: number, signal: Deno.Signal) => void) | undefined {
    return this.#direct ? undefined : signalChildOf;
  }

  /** Brings new names to every process that runs. */
  refreshNames(): void {
    if (!this.#running) return;
    const names = this.#names();
    overwrite(this.#running.hosts, names.hosts);
    overwrite(this.#running.resolvConf, names.resolvConf);
  }

  /** Kills every process of the node and waits until they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = this.#running;
    this.#running = undefined;
    if (!running) return;
    // Its first process ends, and the kernel kills the others before it lets it go.
    await running.init.stdin.close().catch(() => {});
    for (const fd of [running.pidNamespace, running.mountNamespace]) closeFd(fd);
    closeFd(running.hosts);
    closeFd(running.resolvConf);
    await running.init.status;
  }

  #open(): Running {
    if (this.#closed) throw new SandboxError(`node "${this.#node}" is closed: nothing can start`);
    return this.#running ??= this.#start();
  }

  #start(): Running {
    using pipe = new InheritedPipe();
    const names = this.#names();
    const start = () =>
      new Deno.Command("unshare", {
        args: [
          "--mount",
          ...this.#direct ? [] : ["--pid", "--fork", "--kill-child=KILL"],
          ...["--", "sh", "-c", INIT, "sh", pipe.childPath],
        ],
        env: {
          NETYARD_HOSTS: names.hosts,
          NETYARD_RESOLV: names.resolvConf,
          NETYARD_NSSWITCH: nsswitchConf(
            pathExists("/etc/nsswitch.conf") ? readFileText("/etc/nsswitch.conf") : "",
          ),
        },
        cwd: "/",
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      }).spawn();
    const init = this.#namespace.enter(() => this.#direct ? withNewPidNamespace(start) : start());
    const said = pipe.readUntil("ready\n");
    if (!said.endsWith("ready\n")) {
      init.status.catch(() => {});
      init.stdin.abort().catch(() => {});
      throw new SandboxError(
        `cannot start the first process of node "${this.#node}" (mount and PID namespaces): ` +
          `${said.trim() || "it ended"}; run \`netyard doctor\` for what this host lacks`,
      );
    }
    const entry = `/proc/${init.pid}`;
    return {
      init,
      pidNamespace: openFd(`${entry}/ns/pid_for_children`),
      mountNamespace: openFd(`${entry}/ns/mnt`),
      hosts: openFd(`${entry}/root/etc/hosts`, O_RDWR),
      resolvConf: openFd(`${entry}/root/etc/resolv.conf`, O_RDWR),
    };
  }
}

/** A path by which a child of this process reaches a descriptor of it. */
export function fdPath(fd: number): string {
  return `/proc/${Deno.pid}/fd/${fd}`;
}
