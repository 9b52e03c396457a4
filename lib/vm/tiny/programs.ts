import { elfDependencies, isElf } from "./elf.ts";
import { BootFilesError } from "./errors.ts";
import type { GuestTree } from "./guest_tree.ts";
import type { PackageTree } from "./package_tree.ts";
import { toolText } from "./tool.ts";

// The directories of programs and libraries in packages, with and without a merged /usr.
const PROGRAM_DIRECTORIES = ["usr/bin", "usr/sbin", "bin", "sbin"];
const LIBRARY_DIRECTORIES = [
  "usr/lib/x86_64-linux-gnu",
  "lib/x86_64-linux-gnu",
  "usr/lib64",
  "lib64",
  "usr/lib",
  "lib",
];

/** The programs of the guest besides busybox. */
const PROGRAMS = ["qemu-ga", "ip", "tc", "bridge", "ss", "nft", "ping"];

/** The libraries that the C library's name service loads by name. */
const LIBRARIES = ["libnss_dns.so.2", "libnss_files.so.2"];

/** Adds busybox, its applets, the shell and the other programs with their libraries. */
export async function addPrograms(guest: GuestTree, packages: PackageTree): Promise<void> {
  const busybox = findProgram(packages, "busybox");
  guest.file("usr/bin/busybox", Deno.readFileSync(busybox));
  for (const name of PROGRAMS) {
    addElf(guest, packages, `usr/bin/${name}`, Deno.readFileSync(findProgram(packages, name)));
  }
  // Busybox's own shell would run its applets ip, tc and ping, whatever PATH says. klibc's shell is dash
  // with a small C library at a fixed address, and starts as fast as a static program.
  addElf(guest, packages, "usr/bin/sh", packages.read("usr/lib/klibc/bin/sh"));
  for (const name of LIBRARIES) addLibrary(guest, packages, name, false);
  const applets = (await toolText([busybox, "--list"])).split("\n").filter((name) => name !== "");
  for (const name of applets) {
    if (!guest.has(`usr/bin/${name}`)) guest.link(`usr/bin/${name}`, "busybox");
  }
}

function findProgram(packages: PackageTree, name: string): string {
  const found = packages.find(...PROGRAM_DIRECTORIES.map((directory) => `${directory}/${name}`));
  if (!found) throw new BootFilesError(`none of the packages has the program ${name}`);
  return found;
}

function addElf(guest: GuestTree, packages: PackageTree, path: string, file: Uint8Array): void {
  if (!isElf(file)) {
    throw new BootFilesError(`/${path} of the packages is not a program for x86-64`);
  }
  guest.file(path, file);
  const { libraries, loader } = elfDependencies(file);
  for (const name of libraries) addLibrary(guest, packages, name, true);
  if (loader) addLoader(guest, packages, loader);
}

function addLibrary(
  guest: GuestTree,
  packages: PackageTree,
  name: string,
  required: boolean,
): void {
  const path = `usr/lib/x86_64-linux-gnu/${name}`;
  if (guest.has(path)) return;
  const found = packages.find(...LIBRARY_DIRECTORIES.map((directory) => `${directory}/${name}`));
  if (found) addElf(guest, packages, path, Deno.readFileSync(found));
  else if (required) throw new BootFilesError(`none of the packages has the library ${name}`);
}

/** Adds the loader under the path that the program names, since the kernel starts it from there. */
function addLoader(guest: GuestTree, packages: PackageTree, loader: string): void {
  const path = loader.replace(/^\/(lib(64)?)\//, "usr/$1/");
  if (guest.has(path)) return;
  const name = loader.slice(loader.lastIndexOf("/") + 1);
  const found = packages.find(
    ...LIBRARY_DIRECTORIES.map((directory) => `${directory}/${name}`),
    loader,
  );
  if (!found) throw new BootFilesError(`none of the packages has the loader ${loader}`);
  guest.file(path, Deno.readFileSync(found));
}
