import { nearest } from "../options/nearest.ts";
import { HOST } from "./host_root/profile.ts";
import type { Profile } from "./profile.ts";
import { ProfileError } from "./profile_error.ts";
import { tinyBootFiles } from "./tiny/boot_files.ts";

const MIB = 2 ** 20;

/** A small Linux of Debian's kernel, busybox and the agent, in memory alone. */
export const TINY: Profile = {
  name: "tiny",
  memoryBytes: 256 * MIB,
  async prepare({ onProgress }) {
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

/**
 * The profile of a name.
 *
 * @param what What was asked, as the caller wrote it: `vm("nas")`.
 * @throws {ProfileError} If there is none.
 */
export function profileNamed(what: string, name: string): Profile {
  const profile = PROFILES.get(name);
  if (profile) return profile;
  const known = [...PROFILES.keys()];
  const meant = nearest(name, known);
  throw new ProfileError(
    `${what}: there is no profile "${name}"; there are: ${known.join(", ")}` +
      (meant ? `; did you mean "${meant}"?` : ""),
  );
}
