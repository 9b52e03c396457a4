/**
 * The profile `host`: guests with this host's own root, read-only, served by virtiofsd. Imports `options`,
 * `socket`, `profile` and `tiny`. Begin here.
 *
 * @module
 */

import { join } from "node:path";
import { cached, cacheDirectory, hex } from "../../files/cache.ts";
import type { Profile } from "../profile/profile.ts";
import { type BootFiles, tinyBootFiles, type TinyBootFilesOptions } from "../tiny/boot_files.ts";
import { cpio } from "../tiny/cpio.ts";
import { GuestTree } from "../tiny/guest_tree.ts";
import { hostGuestFiles, ROOT_TAG } from "./guest_files.ts";
import { serveHostRoot } from "./virtiofsd.ts";

const MIB = 2 ** 20;
const INITRD = "initramfs";

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

/**
 * Returns the kernel of the `tiny` profile, and its initramfs with a second archive appended, whose files
 * replace those of the first. Kept in the cache, too.
 *
 * @throws As {@linkcode tinyBootFiles}.
 */
export async function hostBootFiles(options: TinyBootFilesOptions = {}): Promise<BootFiles> {
  const tiny = await tinyBootFiles(options);
  const guest = new GuestTree();
  for (const { path, text, executable } of hostGuestFiles()) {
    guest.file(path, text, executable ? 0o755 : 0o644);
  }
  const archive = cpio(guest.entries());
  const { directory, hash } = await cached({
    directory: join(options.cacheDir ?? cacheDirectory(), "host"),
    name: `${tiny.hash.slice(0, 16)}-${(await hex(archive)).slice(0, 16)}`,
    files: [INITRD],
    async build(directory) {
      const path = join(directory, INITRD);
      await Deno.copyFile(tiny.initrd, path);
      await Deno.writeFile(path, archive, { append: true });
    },
  });
  return { ...tiny, initrd: join(directory, INITRD), hash };
}
