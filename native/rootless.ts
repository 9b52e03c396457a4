/**
 * The rootless entry: imported for its side effect, before anything else.
 *
 * Labs need CAP_NET_ADMIN and CAP_SYS_ADMIN. A process that has them goes on as
 * it is. Any other is replaced, before anything else ran, by itself as root of a
 * new user namespace: the same arguments, Deno permissions, working directory,
 * environment, standard streams and process id, so that exit codes and signals
 * pass as ever. This works under `deno run`, `deno test` (with `--parallel` too)
 * and `deno eval`; it needs `--allow-ffi`, and nothing else.
 *
 * What is different inside:
 *
 * - The network namespace is new: nothing but the loopback, no way out. Remote
 *   modules must be imported statically, or be in Deno's cache.
 * - The user is root for this namespace and stays the ordinary user for
 *   everything else: files are made and read with the user's own rights.
 * - `NETYARD_ROOTLESS=1` is in the environment, and the `sbin` directories are
 *   at the end of PATH, where `tc` and `nft` are.
 *
 * In `deno test`, import it in every file that builds labs: the first such file
 * starts the run again, and tests that ran before it run twice.
 *
 * @example
 * ```ts
 * import "@netyard/netyard/rootless";
 * import { Lab } from "@netyard/netyard";
 *
 * await using lab = await Lab.create();
 * ```
 *
 * @throws {RootlessError} when this host does not let an ordinary user be root in
 * a user namespace; the message has the sysctl or package that mends it.
 * @throws {MissingPermissionError} without `--allow-ffi`.
 *
 * Source: user_namespaces(7), unshare(1), execve(2).
 *
 * @module
 */
import { enterRootless } from "./process/reexec.ts";

enterRootless();
