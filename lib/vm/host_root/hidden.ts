/** The facts that decide which parts of this host a guest sees. */
export interface HiddenFacts {
  /** The names in `/home`. */
  homes: readonly string[];
  /** The directories that the user works with: `$HOME`, the working directory, that of Deno. */
  own: readonly string[];
}

/** The directories and files of this host that a guest does not see. */
export interface Hidden {
  /** Directories that are empty in the guest. */
  directories: string[];
  /** Files that are empty in the guest. */
  files: string[];
}

/** Directories of the kernel, or of running processes. The guest has its own of most. */
const OF_THE_SYSTEM = ["/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp"];

/** Password hashes, and the SSH host keys. */
const SECRET_FILES = [
  ...["shadow", "shadow-", "gshadow", "gshadow-"].map((name) => `/etc/${name}`),
  ...["rsa", "ecdsa", "ed25519", "dsa"].map((kind) => `/etc/ssh/ssh_host_${kind}_key`),
];
const SECRET_DIRECTORIES = ["/etc/ssl/private"];

/** The directories of keys in a home. */
const SECRETS_OF_A_HOME = [".ssh", ".gnupg"];

/**
 * Returns what a guest with this host's root does not see: files of running processes, the homes of other
 * users, and the usual places of keys and password hashes. It sees everything else as the user of the
 * script does.
 *
 * @example
 * ```ts
 * import { hiddenFrom } from "./hidden.ts";
 *
 * const { directories } = hiddenFrom({ homes: ["ada", "bob"], own: ["/home/ada/project"] });
 * console.assert(directories.includes("/home/bob") && !directories.includes("/home/ada"));
 * ```
 */
export function hiddenFrom({ homes, own }: HiddenFacts): Hidden {
  const paths = homes.map((name) => `/home/${name}`);
  const isOwn = (home: string) => own.some((path) => `${path}/`.startsWith(`${home}/`));
  const seen = ["/root", ...paths.filter(isOwn)];
  return {
    directories: [
      ...OF_THE_SYSTEM,
      ...SECRET_DIRECTORIES,
      ...paths.filter((home) => !isOwn(home)),
      ...seen.flatMap((home) => SECRETS_OF_A_HOME.map((name) => `${home}/${name}`)),
    ],
    files: SECRET_FILES,
  };
}
