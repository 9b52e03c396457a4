/** What decides which parts of this host a guest sees. */
export interface HiddenFacts {
  /** The names in `/home`. */
  homes: readonly string[];
  /** Directories that the user works with: `$HOME`, the working directory, where Deno is. */
  own: readonly string[];
}

/** Directories and files of this host that a guest does not see. */
export interface Hidden {
  /** Those that are empty for it. */
  directories: string[];
  /** Those that have no content for it. */
  files: string[];
}

/** What is the kernel's, or of processes that run here. The guest has its own of most. */
const OF_THE_SYSTEM = ["/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp"];

/** Passwords in hashed form, and keys that this host shows itself by. */
const SECRET_FILES = [
  ...["shadow", "shadow-", "gshadow", "gshadow-"].map((name) => `/etc/${name}`),
  ...["rsa", "ecdsa", "ed25519", "dsa"].map((kind) => `/etc/ssh/ssh_host_${kind}_key`),
];
const SECRET_DIRECTORIES = ["/etc/ssl/private"];

/** Where in a home keys are. */
const SECRETS_OF_A_HOME = [".ssh", ".gnupg"];

/**
 * What a guest that has this host's root does not see: what belongs to processes that run here, the
 * homes of others, and the usual places of keys and of password hashes. All else, it sees as the
 * user does whose script this is.
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
