/**
 * The profile `host`: guests with this host's own root, read-only, served by virtiofsd. Imports `options`,
 * `socket`, `profile` and `tiny`. Begin here.
 *
 * @module
 */

import type { Profile } from "../profile/profile.ts";

const MIB = 2 ** 20;

/**
 * A guest with this host's own root, read-only, below a file system in memory, and with Debian's kernel: it
 * has every program of the host. Its writes stay in its memory. It may or may not see changes that the host
 * makes while it runs.
 *
 * It sees what the user of the script sees, except the files of running processes (`/proc`, `/sys`, `/dev`,
 * `/run`, `/tmp`, `/var/tmp` are its own), other users' homes, password hashes, the host's SSH keys,
 * `/etc/ssl/private`, `~/.ssh` and `~/.gnupg`. So use it for guests that you trust with the rest. It needs
 * root: in rootless mode {@linkcode Profile.prepare} fails.
 */
export const HOST: Profile = {
  name: "host",
  memoryBytes: 768 * MIB,
  async prepare({ host, directory, onProgress }) {
    const [{ hostBootFiles }, { ROOT_TAG }, { serveHostRoot }] = await Promise.all([
      import("./boot_files.ts"),
      import("./guest_files.ts"),
      import("./virtiofsd.ts"),
    ]);
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
      // Programs of the host may need a newer processor than the default one.
      emulatedCpu: "Nehalem",
      canBeSaved: false,
      whyNotSaved: "its root is this host's, served by virtiofsd, which QEMU cannot save",
      ip: "/netyard/usr/bin/busybox ip",
      bootMs: 20_000,
    };
  },
};
