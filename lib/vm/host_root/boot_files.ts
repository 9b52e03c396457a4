import { join } from "node:path";
import { cached, cacheDirectory, hex } from "../../files/cache.ts";
import { type BootFiles, tinyBootFiles, type TinyBootFilesOptions } from "../tiny/boot_files.ts";
import { cpio } from "../tiny/cpio.ts";
import { GuestTree } from "../tiny/guest_tree.ts";
import { hostGuestFiles } from "./guest_files.ts";

const INITRD = "initramfs";

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
