import { pathExists, readLink } from "../../native/libc.ts";
import { fdPath, program, startIn } from "./process/sandbox.ts";
import type { NodeRuntime } from "./runtime.ts";

/**
 * Paths to the namespaces of a node, by which any process of the same user can enter it while the process
 * of the lab has the node, also from outside the user namespace of the lab.
 */
export interface NodeEntry {
  /** The network namespace. */
  network: string;
  /** The mount namespace, with the name files of the node. */
  mounts: string;
  /** The UTS namespace, in which the host has the name of the node. */
  hostname: string;
  /** The PID namespace, whose processes end with the node. */
  processes: string;
  /** The user namespace: that of the process of the lab. */
  users: string;
}

/** Returns the entry of a node, and starts its first process if needed. */
export function entryOf(runtime: NodeRuntime): NodeEntry {
  runtime.ready();
  const { mountNamespace, pidNamespace, utsNamespace } = runtime.sandbox.forThreads();
  return {
    network: runtime.namespace.path,
    mounts: fdPath(mountNamespace),
    hostname: fdPath(utsNamespace),
    processes: fdPath(pidNamespace),
    users: `/proc/${Deno.pid}/ns/user`,
  };
}

/** Returns the command line with which any process of the same user runs a program in a node. */
export function entryCommand(
  entry: NodeEntry,
  file: string,
  args: readonly string[],
  cwd: string,
): [string, ...string[]] {
  return [
    program("nsenter"),
    // A process cannot enter the user namespace that it is already in.
    ...isHere(entry.users) ? [] : ["--preserve-credentials", `--user=${entry.users}`],
    `--net=${entry.network}`,
    `--mount=${entry.mounts}`,
    `--uts=${entry.hostname}`,
    `--pid=${entry.processes}`,
    ...startIn(cwd),
    file,
    ...args,
  ];
}

function isHere(users: string): boolean {
  const here = "/proc/self/ns/user";
  return !pathExists(here) || readLink(users) === readLink(here);
}
