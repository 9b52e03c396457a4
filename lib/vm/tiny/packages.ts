/** The package that depends on the newest kernel for virtual machines. */
export const KERNEL_META = "linux-image-cloud-amd64";

/** The packages with the programs of the guest. */
export const PROGRAM_PACKAGES: readonly string[] = [
  "busybox-static",
  "klibc-utils", // a shell that starts as fast as a static program
  "qemu-guest-agent",
  "iproute2",
  "nftables",
  "iputils-ping",
];

/** Parses `apt-cache depends`: the dependencies of packages, by name. */
export function parseDepends(text: string): Map<string, string[]> {
  const packages = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of text.split("\n")) {
    const head = /^([a-z0-9][^\s:]*)(:\S+)?$/.exec(line);
    if (head) packages.set(line, current = []);
    const needed = /^[ |]{1,2}(?:Pre)?Depends: ([a-z0-9]\S*)$/.exec(line);
    if (needed) current.push(needed[1]);
  }
  return packages;
}

/**
 * Returns packages with the packages of all libraries that they need: dependencies are followed as far as
 * they have the name of a library.
 */
export function libraryClosure(
  roots: readonly string[],
  depends: ReadonlyMap<string, readonly string[]>,
): string[] {
  const found = new Set(roots);
  for (const name of found) { // the loop adds to it
    for (const needed of depends.get(name) ?? []) {
      if (/^(lib|zlib)[a-z0-9.+-]+$/.test(needed) && !/perl|-bin$|-data$|-common$/.test(needed)) {
        found.add(needed);
      }
    }
  }
  return [...found];
}
