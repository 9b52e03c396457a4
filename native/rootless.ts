/**
 * The rootless entry point. Import it for its side effect, before anything else.
 *
 * Labs need CAP_NET_ADMIN and CAP_SYS_ADMIN. A process that has them continues unchanged. Any other
 * process is replaced, before other modules run, by itself as root of a new user namespace. Arguments,
 * Deno permissions, working directory, environment, standard streams and process ID stay the same, so
 * exit codes and signals work as before. This works under `deno run`, `deno test` (also with
 * `--parallel`) and `deno eval`, and needs only `--allow-ffi`.
 *
 * What is different in the new process:
 *
 * - The network namespace is new and has only the loopback. Remote modules must be imported statically,
 *   or be in Deno's cache.
 * - The user is root in this namespace and the ordinary user for everything else: files are created and
 *   read with the user's own rights.
 * - `NETYARD_ROOTLESS=1` is in the environment, and the `sbin` directories, which have `tc` and `nft`,
 *   are at the end of PATH.
 *
 * In `deno test`, import it in every file that builds labs: the first such file starts the run again,
 * and tests that ran before it run twice.
 *
 * @example
 * ```ts
 * import "@netyard/netyard/rootless";
 * import { Lab } from "@netyard/netyard";
 *
 * await using lab = await Lab.create();
 * ```
 *
 * @throws {RootlessError} If this host does not let an ordinary user be root in a user namespace; the
 * message has the sysctl or package that fixes it.
 * @throws {MissingPermissionError} Without `--allow-ffi`.
 *
 * Source: user_namespaces(7), unshare(1), execve(2).
 *
 * @module
 */
import { enterRootless } from "./process/reexec.ts";

enterRootless();
