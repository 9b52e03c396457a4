import { nearest } from "../options/nearest.ts";
import { VmError } from "./errors.ts";
import type { Profile } from "./profile.ts";
import { tinyBootFiles } from "./tiny/boot_files.ts";

/** There is no profile of that name, or what it needs is not there. */
export class ProfileError extends VmError {}

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

const PROFILES: ReadonlyMap<string, Profile> = new Map([TINY].map((p) => [p.name, p]));

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
