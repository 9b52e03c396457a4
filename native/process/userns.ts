import { NetyardError } from "../error.ts";
import { type ByteString, SYSTEM_DIRECTORIES, toByteString } from "./process.ts";

/** The process is not root and cannot become root in a user namespace; the message says what to do. */
export class RootlessError extends NetyardError {}

/** A variable in the environment of a process that was started again as root of a user namespace. */
export const ROOTLESS_MARKER = "NETYARD_ROOTLESS=1";

/** Options of unshare(1): new user, network and mount namespaces, and root in them. */
export const UNSHARE_FLAGS = "-Urnm";

/** The state of user namespaces on a host. */
export interface UserNamespaceFacts {
  /** The file of unshare(1), if there is one. */
  unshare?: string;
  /** Whether the kernel was built with user namespaces. */
  supported: boolean;
  /** `kernel.unprivileged_userns_clone`; Debian's kernels have it. */
  clone?: string;
  /** `user.max_user_namespaces`. */
  max?: string;
  /** `kernel.apparmor_restrict_unprivileged_userns`; Ubuntu has it since 23.10. */
  apparmor?: string;
  /** Whether this runs in a Docker or Podman container. */
  container: boolean;
  /** The result of a trial; undefined if the process may not start unshare(1). */
  trial?: { ok: boolean; error: string };
}

/** Why user namespaces cannot be used, and what to do. */
export interface Obstacle {
  /** The cause, as a clause. */
  cause: string;
  /** What to do, as an imperative without a full stop. */
  remedy: string;
}

const sysctl = (setting: string) => `run \`sudo sysctl -w ${setting}\``;

/**
 * Finds what prevents an ordinary user from becoming root in a user namespace; undefined if nothing
 * does.
 *
 * A successful trial is decisive: an AppArmor profile may allow what the sysctl forbids in general.
 *
 * Source: user_namespaces(7), namespaces(7).
 */
export function usernsObstacle(facts: UserNamespaceFacts): Obstacle | undefined {
  if (!facts.unshare) {
    return {
      cause: "the program unshare is not on PATH",
      remedy: "install the package util-linux",
    };
  }
  if (!facts.supported) {
    return {
      cause: "this kernel has no user namespaces",
      remedy: "use a kernel with CONFIG_USER_NS=y",
    };
  }
  if (facts.trial?.ok) return undefined;
  if (facts.clone === "0") {
    return {
      cause: "kernel.unprivileged_userns_clone is 0",
      remedy: sysctl("kernel.unprivileged_userns_clone=1"),
    };
  }
  if (facts.max === "0") {
    return {
      cause: "user.max_user_namespaces is 0",
      remedy: sysctl("user.max_user_namespaces=10000"),
    };
  }
  if (facts.apparmor === "1") {
    return {
      cause: "kernel.apparmor_restrict_unprivileged_userns is 1, and no AppArmor profile allows it",
      remedy: sysctl("kernel.apparmor_restrict_unprivileged_userns=0"),
    };
  }
  return facts.trial && refusal(facts.trial.error, facts.container);
}

function refusal(error: string, container: boolean): Obstacle {
  const cause = `\`unshare ${UNSHARE_FLAGS}\` fails here (${error})`;
  if (/no space left/i.test(error)) {
    return {
      cause,
      remedy: "raise user.max_user_namespaces, user.max_net_namespaces and " +
        "user.max_mnt_namespaces with `sudo sysctl -w`",
    };
  }
  return {
    cause,
    remedy: container
      ? "start the container with --privileged"
      : "find the security policy of the host that forbids it (seccomp, SELinux, a chroot)",
  };
}

/** The error for a process that cannot become root. */
export function rootlessError(obstacle: Obstacle, options?: ErrorOptions): RootlessError {
  return new RootlessError(
    "Netyard needs root and cannot become root in a user namespace: " +
      `${obstacle.cause}. To fix it, ${obstacle.remedy}; or run the script as root.`,
    options,
  );
}

/** The start of a process. */
export interface ProcessStart {
  /** Its executable. */
  executable: string;
  /** Its arguments, the program's name first. */
  argv: readonly ByteString[];
  /** Its environment, as `NAME=value`. */
  environment: readonly ByteString[];
  /** The URL of the main module. */
  mainModule: string;
}

/** The program that replaces a process. */
export interface Reexec {
  /** The file to execute. */
  program: string;
  /** Its arguments, the program's name first. */
  argv: ByteString[];
  /** Its environment, as `NAME=value`. */
  environment: ByteString[];
}

/**
 * Plans the program, arguments and environment that start a process again as root of a user namespace:
 * unchanged, except for the marker and the system directories at the end of PATH, as root has them.
 *
 * @throws {RootlessError} If the process cannot be started a second time.
 *
 * @example
 * ```ts
 * import { planReexec } from "./userns.ts";
 *
 * const { argv } = planReexec({
 *   executable: "/opt/deno",
 *   argv: ["deno", "run", "-A", "a.ts"],
 *   environment: [],
 *   mainModule: "file:///a.ts",
 * }, "/usr/bin/unshare");
 * console.assert(argv.join(" ") === "unshare -Urnm -- /opt/deno run -A a.ts");
 * ```
 *
 * Source: unshare(1).
 */
export function planReexec(start: ProcessStart, unshare: string): Reexec {
  if (start.executable.endsWith(" (deleted)")) {
    throw new RootlessError(
      `the Deno executable was replaced while it ran (${start.executable}): run the script again`,
    );
  }
  if (/\/\$deno\$stdin\.[a-z]+$/.test(start.mainModule)) {
    throw new RootlessError(
      "Netyard is not root, and becomes root by starting the script again, but a script from the " +
        "standard input can be read only once: save it to a file, or run " +
        `\`unshare ${UNSHARE_FLAGS} deno run -\``,
    );
  }
  return {
    program: unshare,
    argv: [
      "unshare",
      UNSHARE_FLAGS,
      "--",
      toByteString(start.executable),
      ...subcommand(start),
      ...start.argv.slice(1),
    ],
    environment: [
      ...start.environment.filter((entry) => !entry.startsWith("NETYARD_ROOTLESS=")).map((entry) =>
        entry.startsWith("PATH=") ? withSystemDirectories(entry) : entry
      ),
      ROOTLESS_MARKER,
    ],
  };
}

/** Deno runs `deno x` if it is called `dx`; the new process has the name of its file. */
function subcommand(start: ProcessStart): string[] {
  const isDx = (path = "") => /(^|\/)dx$/.test(path);
  return isDx(start.argv[0]) && !isDx(start.executable) ? ["x"] : [];
}

function withSystemDirectories(path: ByteString): ByteString {
  const present = path.slice("PATH=".length).split(":");
  return [path, ...SYSTEM_DIRECTORIES.filter((d) => !present.includes(d))].join(":");
}
