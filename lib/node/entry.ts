import { pathExists, readLink } from "../../native/libc.ts";
import { fdPath, program, startIn } from "./process/sandbox.ts";
import type { NodeRuntime } from "./runtime.ts";

/**
 * By what a process that is no child of the lab's own enters a node: paths that lead to namespaces,
 * for as long as the lab's process has the node. They are good for the same user, also from outside
 * of the user namespace that the lab is in.
 */
export interface NodeEntry {
  /** Of the network. */
  network: string;
  /** Of the mounts, with the node's names. */
  mounts: string;
  /** Of the processes, which end with the node. */
  processes: string;
  /** Of the users: that of the lab's process. */
  users: string;
}

/** The entry of a node, which has its first process from then on. */
export function entryOf(runtime: NodeRuntime): NodeEntry {
  runtime.ready();
  const { mountNamespace, pidNamespace } = runtime.sandbox.forThreads();
  return {
    network: runtime.namespace.path,
    mounts: fdPath(mountNamespace),
    processes: fdPath(pidNamespace),
    users: `/proc/${Deno.pid}/ns/user`,
  };
}

/** The command line by which any process of the same user runs a program in a node. */
export function entryCommand(
  entry: NodeEntry,
  file: string,
  args: readonly string[],
  cwd: string,
): [string, ...string[]] {
  return [
    program("nsenter"),
    // Into the one that it is in, no process may go again.
    ...isHere(entry.users) ? [] : ["--preserve-credentials", `--user=${entry.users}`],
    `--net=${entry.network}`,
    `--mount=${entry.mounts}`,
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
