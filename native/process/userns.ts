import { NetyardError } from "../error.ts";
import { type ByteString, SYSTEM_DIRECTORIES, toByteString } from "./process.ts";

/** The process is not root and cannot become it in a user namespace; the message says what mends it. */
export class RootlessError extends NetyardError {}

/** Set in the environment of a process that was started again as root of a user namespace. */
export const ROOTLESS_MARKER = "NETYARD_ROOTLESS=1";

/** User, root in it, network and mount namespace (unshare(1)). */
export const UNSHARE_FLAGS = "-Urnm";

/** What the host says about user namespaces. */
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
  /** What came of trying it; undefined when the process may not start unshare(1). */
  trial?: { ok: boolean; error: string };
}

/** Why user namespaces cannot be used, and what to do about it. */
export interface Obstacle {
  /** What is in the way, as a clause. */
  cause: string;
  /** What to do, as an imperative without a full stop. */
  remedy: string;
}

const sysctl = (setting: string) => `run \`sudo sysctl -w ${setting}\``;

/**
 * What keeps an ordinary user from becoming root in a user namespace, or
 * undefined when nothing does.
 *
 * A trial that worked settles it: an AppArmor profile may allow what the sysctl
 * forbids in general.
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
      : "see which security policy of the host forbids it (seccomp, SELinux, a chroot)",
  };
}

/** The error of a process that cannot become root. */
export function rootlessError(obstacle: Obstacle, options?: ErrorOptions): RootlessError {
  return new RootlessError(
    "Netyard needs root and cannot become it in a user namespace: " +
      `${obstacle.cause}. To mend it, ${obstacle.remedy}; or run the script as root.`,
    options,
  );
}

/** How a process was started. */
export interface ProcessStart {
  /** The file that it runs. */
  executable: string;
  /** Its arguments, the program's name first. */
  argv: readonly ByteString[];
  /** Its environment, as `NAME=value`. */
  environment: readonly ByteString[];
  /** The URL of the main module. */
  mainModule: string;
}

/** What to replace a process by. */
export interface Reexec {
  /** The file to execute. */
  program: string;
  /** Its arguments, the program's name first. */
  argv: ByteString[];
  /** Its environment, as `NAME=value`. */
  environment: ByteString[];
}

/**
 * The program, arguments and environment that start a process again as root of
 * a user namespace: everything as it was, the marker added, and the system
 * directories added to the end of PATH as root has them.
 *
 * @throws {RootlessError} when the process cannot be started a second time.
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
      "Netyard is not root, and to become it the script is started again, but one that comes " +
        "from the standard input can be read only once: save it to a file, or run " +
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

/** Deno that is called by the name `dx` means `deno x`, and the new process goes by its file's name. */
function subcommand(start: ProcessStart): string[] {
  const isDx = (path = "") => /(^|\/)dx$/.test(path);
  return isDx(start.argv[0]) && !isDx(start.executable) ? ["x"] : [];
}

function withSystemDirectories(path: ByteString): ByteString {
  const present = path.slice("PATH=".length).split(":");
  return [path, ...SYSTEM_DIRECTORIES.filter((d) => !present.includes(d))].join(":");
}
