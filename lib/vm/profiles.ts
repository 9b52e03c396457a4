import { nearest } from "../options/nearest.ts";
import { HOST } from "./host_root/profile.ts";
import type { Profile } from "./profile/profile.ts";
import { ProfileError } from "./options/errors.ts";
import { findToml, resolveProfile, TOML_NAME } from "./profile/toml_file.ts";
import { tomlProfile } from "./profile/toml_profile.ts";

const MIB = 2 ** 20;

/** A small Linux with Debian's kernel, busybox and the agent, whose root is in memory. */
export const TINY: Profile = {
  name: "tiny",
  memoryBytes: 256 * MIB,
  async prepare({ onProgress }) {
    const { tinyBootFiles } = await import("./tiny/boot_files.ts");
    const { hash, arch, kernel, initrd, cmdline } = await tinyBootFiles({ onProgress });
    return {
      name: "tiny",
      arch,
      hash,
      kernel,
      initrd,
      cmdline,
      canBeSaved: true,
      ip: "busybox ip",
      reseed: "/netyard/reseed",
      bootMs: 15_000,
    };
  },
};

const PROFILES: ReadonlyMap<string, Profile> = new Map([TINY, HOST].map((p) => [p.name, p]));

/** The profiles that one of a file can extend; others need more than files. */
const EXTENSIBLE: ReadonlyMap<string, Profile> = new Map([[TINY.name, TINY]]);

/**
 * Finds a profile by name: one that comes with Netyard, or one of the nearest `netyard.toml`.
 *
 * @param what The call as the user wrote it, for messages: `vm("nas")`.
 * @param directory Where the search for the file begins, upwards. Default: the working directory.
 * @throws {ProfileError} If there is none.
 * @throws {InvalidOptionError} If the file has an invalid key or value.
 */
export function profileNamed(what: string, name: string, directory: string = Deno.cwd()): Profile {
  const builtIn = PROFILES.get(name);
  if (builtIn) return builtIn;
  const file = findToml(directory);
  for (const taken of PROFILES.keys()) {
    if (!file?.profiles.has(taken)) continue;
    throw new ProfileError(
      `${file.path}: "profiles.${taken}" has the name of a profile that comes with Netyard; ` +
        "give it another",
    );
  }
  if (!file?.profiles.has(name)) {
    const known = [...PROFILES.keys(), ...file?.profiles.keys() ?? []];
    const meant = nearest(name, known);
    const where = file ? "" : ` (there is no ${TOML_NAME} in ${directory} or above it)`;
    throw new ProfileError(
      `${what}: there is no profile "${name}"; there are: ${known.join(", ")}${where}` +
        (meant ? `; did you mean "${meant}"?` : ""),
    );
  }
  const keys = resolveProfile(file, name, [...EXTENSIBLE.keys()]);
  const base = keys.extends === undefined ? undefined : EXTENSIBLE.get(keys.extends);
  return tomlProfile(file, name, keys, base);
}
