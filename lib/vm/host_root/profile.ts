import type { Profile } from "../profile/profile.ts";
import { hostBootFiles } from "./boot_files.ts";
import { ROOT_TAG } from "./guest_files.ts";
import { serveHostRoot } from "./virtiofsd.ts";

const MIB = 2 ** 20;

/**
 * This host's own root, read-only, under a file system in memory, with a kernel of Debian's: every
 * program of the host is there. What the guest writes stays in its memory. What changes on the host
 * while it runs, it may or may not see.
 *
 * It sees what the user sees whose script this is, but not what belongs to processes that run here
 * (`/proc`, `/sys`, `/dev`, `/run`, `/tmp`, `/var/tmp` are its own), nor other users' homes, password
 * hashes, the host's SSH keys, `/etc/ssl/private`, `~/.ssh` and `~/.gnupg`. So it is for guests that
 * are trusted with the rest. It needs root: rootless, {@linkcode Profile.prepare} says so.
 */
export const HOST: Profile = {
  name: "host",
  memoryBytes: 768 * MIB,
  async prepare({ host, directory, onProgress }) {
    const { hash, arch, kernel, initrd, cmdline } = await hostBootFiles({ onProgress });
    const socket = `${directory}/root-${crypto.randomUUID().slice(0, 8)}`;
    return {
      name: "host",
      arch,
      hash,
      kernel,
      initrd,
      cmdline,
      shares: [{ tag: ROOT_TAG, socket }],
      helpers: [await serveHostRoot(host, socket)],
      // Programs of the host may be made for more than the oldest processor.
      emulatedCpu: "Nehalem",
      canBeSaved: false,
      whyNotSaved: "its root is this host's, served by virtiofsd, which QEMU cannot save",
      ip: "/netyard/usr/bin/busybox ip",
      bootMs: 20_000,
    };
  },
};
