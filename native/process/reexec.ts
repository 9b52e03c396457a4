import { hasCapabilities } from "./capabilities.ts";
import { MissingPermissionError, pathExists, SyscallError } from "../libc.ts";
import { LOOPBACK, setLink } from "../netlink/link.ts";
import { rtnetlink } from "../netlink/socket.ts";
import {
  findProgram,
  processArguments,
  processEnvironment,
  processExecutable,
  replaceProcess,
  toByteString,
} from "./process.ts";
import { getSysctl } from "../sysctl.ts";
import {
  type Obstacle,
  planReexec,
  ROOTLESS_MARKER,
  RootlessError,
  rootlessError,
  UNSHARE_FLAGS,
  type UserNamespaceFacts,
  usernsObstacle,
} from "./userns.ts";

/** Finds what prevents this process from becoming root in a user namespace; undefined if nothing does. */
export function findUsernsObstacle(): Obstacle | undefined {
  return usernsObstacle(userNamespaceFacts());
}

function userNamespaceFacts(): UserNamespaceFacts {
  const unshare = findProgram("unshare");
  return {
    unshare,
    supported: pathExists("/proc/self/ns/user"),
    clone: getSysctl("kernel.unprivileged_userns_clone"),
    max: getSysctl("user.max_user_namespaces"),
    apparmor: getSysctl("kernel.apparmor_restrict_unprivileged_userns"),
    container: pathExists("/.dockerenv") || pathExists("/run/.containerenv"),
    trial: unshare ? tryUnshare(unshare) : undefined,
  };
}

function tryUnshare(unshare: string): UserNamespaceFacts["trial"] {
  const permission = { name: "run", command: unshare } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") return undefined;
  try {
    // Twice: AppArmor may allow the user namespace and remove its capabilities. The second call needs
    // them, for a second network namespace.
    const { success, stderr } = new Deno.Command(unshare, {
      args: [UNSHARE_FLAGS, unshare, "-n", "true"],
      stdin: "null",
      stdout: "null",
    }).outputSync();
    return { ok: success, error: new TextDecoder().decode(stderr).trim() };
  } catch (error) {
    // Deno requires more than this permission if LD_* variables are set.
    if (error instanceof Deno.errors.NotCapable) return undefined;
    return { ok: false, error: (error as Error).message };
  }
}

/**
 * Becomes root in a user namespace by starting the process again, unless it has the capabilities that
 * labs need. The doc comment of `rootless.ts` has the details.
 *
 * @param environment Additional variables of the new process, as `NAME=value`.
 * @throws {RootlessError} If this host does not allow it.
 * @throws {MissingPermissionError} Without `--allow-ffi`.
 */
export function enterRootless(environment: readonly string[] = []): void {
  if (Deno.build.os !== "linux") {
    throw new RootlessError(
      `Netyard needs the network namespaces of Linux, and this is ${Deno.build.os}: ` +
        "use a Linux machine, container or virtual machine",
    );
  }
  if ("WorkerGlobalScope" in globalThis) return checkWorker();
  const marked = processEnvironment().includes(ROOTLESS_MARKER);
  if (hasCapabilities()) {
    if (marked) raiseLoopback();
    return;
  }
  if (marked) {
    throw new RootlessError(
      `${ROOTLESS_MARKER} says that this process is root of a user namespace already, but it lacks ` +
        "CAP_NET_ADMIN or CAP_SYS_ADMIN: unset that variable, or start the process so that it keeps " +
        "its capabilities",
    );
  }
  reexec(environment);
}

// A worker must not restart the running program, and may lack the permission for FFI: its main script
// is expected to be root already.
function checkWorker(): void {
  try {
    if (hasCapabilities()) return;
  } catch (error) {
    if (error instanceof MissingPermissionError) return;
    throw error;
  }
  throw new RootlessError(
    "a worker cannot become root: import the rootless entry first in the main script",
  );
}

function reexec(added: readonly string[]): never {
  const facts = userNamespaceFacts();
  const obstacle = usernsObstacle(facts);
  if (obstacle) throw rootlessError(obstacle);
  const plan = planReexec({
    executable: processExecutable(),
    argv: processArguments(),
    environment: [...processEnvironment(), ...added.map(toByteString)],
    mainModule: Deno.mainModule,
  }, facts.unshare!);
  try {
    replaceProcess(plan.program, plan.argv, plan.environment);
  } catch (error) {
    throw rootlessError({
      cause: (error as Error).message,
      remedy: `see that \`${plan.program} ${UNSHARE_FLAGS} true\` works`,
    }, { cause: error });
  }
}

// In a new network namespace the loopback is down: not even 127.0.0.1 answers.
function raiseLoopback(): void {
  try {
    rtnetlink((batch) => setLink(batch, LOOPBACK, { up: true }));
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    // AppArmor shows the capabilities and refuses their use.
    const obstacle = usernsObstacle({
      ...userNamespaceFacts(),
      trial: { ok: false, error: error.message },
    });
    throw rootlessError(obstacle!, { cause: error });
  }
}
