/**
 * The `tiny` profile: its kernel and initramfs, built from Debian packages and kept in the cache. Imports
 * `options` and `files`; knows no QEMU and no lab. Begin here. Codecs by format: `bzimage`, `lz4`, `elf`,
 * `cpio`.
 *
 * @module
 */

import { join } from "node:path";
import { z } from "zod";
import { parseOptions } from "../../options/parse_options.ts";
import { cached, cacheDirectory, hex, kept } from "../../files/cache.ts";
import { extractPackages } from "./apt.ts";
import { vmlinux } from "./bzimage.ts";
import { cpio } from "./cpio.ts";
import { CMDLINE, guestFiles } from "./guest_files.ts";
import { BOOT_MODULES, EXTRA_MODULES } from "./guest_modules.ts";
import { GuestTree } from "./guest_tree.ts";
import { addModules, kernelImage } from "./kernel.ts";
import { PackageTree } from "./package_tree.ts";
import { PROGRAM_PACKAGES } from "./packages.ts";
import { addPrograms } from "./programs.ts";
import { reseedElf } from "./reseed_elf.ts";

/** What QEMU needs to boot a guest. */
export interface BootFiles {
  /** The guest's processor. */
  arch: "x86_64";
  /** The path of the kernel, for `-kernel`. */
  kernel: string;
  /** The path of the initramfs, for `-initrd`. */
  initrd: string;
  /** The kernel's command line, for `-append`. */
  cmdline: string;
  /** The SHA-256 of the contents of all three, in hexadecimal digits. */
  hash: string;
}

/** Options of {@linkcode tinyBootFiles}. */
export interface TinyBootFilesOptions {
  /** Where the files are kept. Default: {@linkcode cacheDirectory}. */
  cacheDir?: string;
  /** Receives a line for each step that takes time; none if the files are in the cache. */
  onProgress?: (line: string) => void;
}

const Options = z.strictObject({
  cacheDir: z.string().min(1).optional(),
  onProgress: z.custom<(line: string) => void>((value) => typeof value === "function").optional(),
});

/** Increase this when the files change in a way that the other parts of the recipe do not show. */
const RECIPE = 1;
const KERNEL = "vmlinux";
const INITRD = "initramfs";
const COMMAND_LINE = "cmdline";

/**
 * Returns the kernel and the initramfs of the `tiny` profile: built in seconds from Debian's packages the
 * first time, and taken from the cache afterwards. The guest has busybox, the QEMU guest agent, iproute2,
 * nftables and ping; its root is in memory. The cache does not follow newer kernels of Debian: remove its
 * directory `tiny` to get one.
 *
 * @throws {BootFilesError} If the packages cannot be downloaded, or this host has no apt.
 * @throws {CacheError} If the files cannot be kept: the disk is full, or not writable.
 * @throws {InvalidOptionError} If the options are invalid.
 */
export async function tinyBootFiles(options: TinyBootFilesOptions = {}): Promise<BootFiles> {
  const given = parseOptions(Options, options, "tinyBootFiles()");
  const { directory, hash } = await cached({
    ...await place(given.cacheDir),
    build: (directory) => make(directory, given.onProgress ?? (() => {})),
  });
  return {
    arch: "x86_64",
    kernel: join(directory, KERNEL),
    initrd: join(directory, INITRD),
    cmdline: await Deno.readTextFile(join(directory, COMMAND_LINE)),
    hash,
  };
}

/**
 * Returns the directory in the cache with the files of {@linkcode tinyBootFiles}; undefined if they must
 * be built first.
 *
 * @throws {CacheError} If there is no directory for the cache.
 */
export async function tinyBootFilesKept(): Promise<string | undefined> {
  return await kept(await place());
}

async function place(cacheDir: string = cacheDirectory()) {
  const files = [KERNEL, INITRD, COMMAND_LINE];
  return { directory: join(cacheDir, "tiny"), name: await recipe(), files };
}

/** Returns a name that changes with everything that goes into the files, except the packages. */
async function recipe(): Promise<string> {
  const parts = [RECIPE, CMDLINE, guestFiles(), BOOT_MODULES, EXTRA_MODULES, PROGRAM_PACKAGES];
  const text = JSON.stringify([...parts, reseedElf().toHex()]);
  return (await hex(new TextEncoder().encode(text))).slice(0, 16);
}

async function make(directory: string, onProgress: (line: string) => void): Promise<void> {
  const trees = await extractPackages(directory, onProgress);
  const kernel = new PackageTree(trees.kernel);
  onProgress("building the kernel and the initramfs");
  await Deno.writeFile(join(directory, KERNEL), vmlinux(kernelImage(kernel)));
  const guest = new GuestTree();
  addSkeleton(guest);
  await addPrograms(guest, new PackageTree(trees.programs));
  await addModules(guest, kernel);
  await Deno.writeFile(join(directory, INITRD), cpio(guest.entries()));
  await Deno.writeTextFile(join(directory, COMMAND_LINE), CMDLINE);
}

/** Adds directories, devices and text files. */
function addSkeleton(guest: GuestTree): void {
  for (const path of ["dev", "etc", "mnt", "netyard", "proc", "run", "sys", "var/log"]) {
    guest.directory(path);
  }
  guest.directory("root", 0o700);
  guest.directory("tmp", 0o1777);
  guest.link("var/run", "../run");
  guest.link("var/tmp", "../tmp");
  for (const [path, target] of LINKS) guest.link(path, target);
  // The kernel opens its console before /dev can be mounted.
  guest.device("dev/console", 5, 1);
  guest.device("dev/null", 1, 3);
  guest.link("etc/mtab", "/proc/self/mounts");
  guest.link("usr/bin/shutdown", "/netyard/shutdown");
  guest.file("netyard/reseed", reseedElf());
  for (const { path, text, executable } of guestFiles()) {
    guest.file(path, text, executable ? 0o755 : 0o644);
  }
}

/** All programs are in /usr/bin; other paths lead there. */
const LINKS = [
  ["bin", "usr/bin"],
  ["sbin", "usr/bin"],
  ["usr/sbin", "bin"],
  ["lib", "usr/lib"],
  ["lib64", "usr/lib64"],
];
