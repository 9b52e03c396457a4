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

/** What keeps this process from becoming root in a user namespace; undefined when nothing does. */
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
    // Twice: AppArmor may allow the user namespace and take its capabilities away,
    // so only what needs them, here a second network namespace, tells.
    const { success, stderr } = new Deno.Command(unshare, {
      args: [UNSHARE_FLAGS, unshare, "-n", "true"],
      stdin: "null",
      stdout: "null",
    }).outputSync();
    return { ok: success, error: new TextDecoder().decode(stderr).trim() };
  } catch (error) {
    // Deno asks for more than this permission where LD_* variables are set.
    if (error instanceof Deno.errors.NotCapable) return undefined;
    return { ok: false, error: (error as Error).message };
  }
}

/**
 * Becomes root in a user namespace, by starting the process again, unless it
 * has the capabilities that labs need. The doc comment of `rootless.ts` has the rest.
 *
 * @param environment Variables that the new process gets besides, as `NAME=value`.
 * @throws {RootlessError} when this host does not allow it.
 * @throws {MissingPermissionError} without `--allow-ffi`.
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
      `${ROOTLESS_MARKER} says that this process is root of a user namespace already, and it has ` +
        "neither CAP_NET_ADMIN nor CAP_SYS_ADMIN: unset that variable, or keep what drops the " +
        "capabilities from doing so",
    );
  }
  reexec(environment);
}

// A worker must not restart the program that already runs, and may well have no
// permission for FFI: code in it is expected to stand below a main script that is root.
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

// A new network namespace has its loopback down: not even 127.0.0.1 answers.
function raiseLoopback(): void {
  try {
    rtnetlink((batch) => setLink(batch, LOOPBACK, { up: true }));
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    // AppArmor lets the capabilities be seen and refuses their use.
    const obstacle = usernsObstacle({
      ...userNamespaceFacts(),
      trial: { ok: false, error: error.message },
    });
    throw rootlessError(obstacle!, { cause: error });
  }
}
