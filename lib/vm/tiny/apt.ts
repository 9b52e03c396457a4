import { join } from "node:path";
import { BootFilesError } from "./errors.ts";
import { KERNEL_META, libraryClosure, parseDepends, PROGRAM_PACKAGES } from "./packages.ts";
import { runTool, ToolError, toolText } from "./tool.ts";

/** Extracted packages. */
export interface PackageTrees {
  /** The root of the kernel's package. */
  kernel: string;
  /** The root of all others together. */
  programs: string;
}

/** What to do where there are no Debian packages. */
export const OWN_KERNEL =
  "describe a guest of your own under [profiles.NAME] in netyard.toml (kernel, initrd, cmdline)";

// One line each, without what packages merely suggest.
const DEPENDS = [
  "apt-cache",
  "depends",
  "--no-recommends",
  "--no-suggests",
  "--no-conflicts",
  "--no-breaks",
  "--no-replaces",
  "--no-enhances",
];

/**
 * Gets the packages from where apt gets its own, and extracts them.
 *
 * @param directory Where `debs`, `kernel` and `programs` are made.
 * @param onProgress Is told what takes time.
 * @throws {BootFilesError} If this is no Debian for x86-64, or the packages cannot be had.
 */
export async function extractPackages(
  directory: string,
  onProgress: (line: string) => void,
): Promise<PackageTrees> {
  await requireDebian();
  const debs = join(directory, "debs");
  await Deno.mkdir(debs);
  const kernel = await withFreshLists(() => download(debs, onProgress), onProgress);
  onProgress("extracting packages");
  const trees = { kernel: join(directory, "kernel"), programs: join(directory, "programs") };
  const files = (await Array.fromAsync(Deno.readDir(debs))).map(({ name }) => name).sort();
  const isKernel = (name: string) => name.startsWith(`${kernel}_`);
  const extract = async (tree: string, names: string[]) => {
    for (const name of names) await runTool(["dpkg-deb", "-x", join(debs, name), tree]);
  };
  // Both have ended before anybody removes what they write.
  const ends = await Promise.allSettled([
    extract(trees.kernel, files.filter(isKernel)),
    extract(trees.programs, files.filter((name) => !isKernel(name))),
  ]);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return trees;
}

async function requireDebian(): Promise<void> {
  let architecture: string;
  try {
    architecture = (await toolText(["dpkg", "--print-architecture"])).trim();
    await runTool(["apt-get", "--version"]);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new BootFilesError(
      `the profile "tiny" is made from Debian packages, and this host has no apt: ${OWN_KERNEL}`,
      { cause: error },
    );
  }
  if (architecture === "amd64") return;
  throw new BootFilesError(
    `the profile "tiny" is made from packages for amd64, and this host's are for ${architecture}: ` +
      OWN_KERNEL,
  );
}

/** @returns The name of the kernel's package. */
async function download(debs: string, onProgress: (line: string) => void): Promise<string> {
  const [meta, programs] = await Promise.all([
    toolText([...DEPENDS, KERNEL_META]),
    toolText([...DEPENDS, "--recurse", ...PROGRAM_PACKAGES]),
  ]);
  const kernel = parseDepends(meta).get(KERNEL_META)?.find((name) => /^linux-image-\d/.test(name));
  if (!kernel) throw new BootFilesError(`the package ${KERNEL_META} names no kernel`);
  const needed = libraryClosure(PROGRAM_PACKAGES, parseDepends(programs));
  const wanted = [kernel].concat(needed);
  onProgress(`downloading ${kernel} and ${wanted.length - 1} other packages`);
  // apt would give its own user the work, who may not write here, and try long without a network.
  const options = ["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=1"];
  await runTool(["apt-get", "-q", ...options, "download", ...wanted], debs);
  return kernel;
}

/** Does something that needs apt's lists, and again with new ones if it fails and we may have them. */
async function withFreshLists<T>(
  act: () => Promise<T>,
  onProgress: (line: string) => void,
): Promise<T> {
  let first: ToolError;
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ToolError) || isFull(error)) throw error;
    if (Deno.uid() !== 0) throw unavailable(error);
    first = error;
  }
  onProgress("updating the lists of packages");
  try {
    await runTool(["apt-get", "-q", "update"]);
  } catch (error) {
    // Root of a user namespace may not; what was wrong before says more.
    throw error instanceof ToolError && !isFull(error) ? unavailable(first) : error;
  }
  try {
    return await act();
  } catch (error) {
    throw error instanceof ToolError && !isFull(error) ? unavailable(error) : error;
  }
}

const isFull = ({ stderr }: ToolError) =>
  /No space left on device|enough free space|Disk quota/.test(stderr);

function unavailable(error: ToolError): BootFilesError {
  return new BootFilesError(
    `the profile "tiny" needs Debian packages that cannot be had: ${error.message}\n` +
      "If the lists of packages are old, run `sudo apt-get update`. In rootless mode, which has no " +
      "network, run `netyard prepare` (`deno run -A jsr:@netyard/netyard/cli prepare`) as this user " +
      "first, which fills the cache. " +
      `Where there are no such packages, ${OWN_KERNEL}.`,
    { cause: error },
  );
}
