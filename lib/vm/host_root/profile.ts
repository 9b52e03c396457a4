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

/**
 * The kernel of the `tiny` profile, and its initramfs with an archive behind it, whose files are
 * instead of those before. Kept in the cache as those are.
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
