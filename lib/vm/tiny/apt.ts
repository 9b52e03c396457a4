import { join } from "node:path";
import { BootFilesError } from "./errors.ts";
import { KERNEL_META, libraryClosure, parseDepends, PROGRAM_PACKAGES } from "./packages.ts";
import { runTool, ToolError, toolText } from "./tool.ts";

/** The extracted packages. */
export interface PackageTrees {
  /** The directory of the kernel's package. */
  kernel: string;
  /** The directory of all other packages together. */
  programs: string;
}

/** Advice for hosts without Debian packages. */
export const OWN_KERNEL =
  "describe a guest of your own under [profiles.NAME] in netyard.toml (kernel, initrd, cmdline)";

// Lists hard dependencies only.
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
 * Downloads the packages from apt's sources, and extracts them.
 *
 * @param directory Where `debs`, `kernel` and `programs` are created.
 * @param onProgress Reports steps that take time.
 * @throws {BootFilesError} If this is not a Debian for x86-64, or the packages cannot be downloaded.
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
  // Waits for both, also on failure: the caller then removes the directory.
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
      `the profile "tiny" is built from Debian packages, and this host has no apt: ${OWN_KERNEL}`,
      { cause: error },
    );
  }
  if (architecture === "amd64") return;
  throw new BootFilesError(
    `the profile "tiny" is built from packages for amd64, and this host's are for ${architecture}: ` +
      OWN_KERNEL,
  );
}

/** Downloads all packages; returns the name of the kernel's. */
async function download(debs: string, onProgress: (line: string) => void): Promise<string> {
  const [meta, programs] = await Promise.all([
    toolText([...DEPENDS, KERNEL_META]),
    toolText([...DEPENDS, "--recurse", ...PROGRAM_PACKAGES]),
  ]);
  const kernel = parseDepends(meta).get(KERNEL_META)?.find((name) => /^linux-image-\d/.test(name));
  if (!kernel) throw new BootFilesError(`the package ${KERNEL_META} depends on no kernel`);
  const needed = libraryClosure(PROGRAM_PACKAGES, parseDepends(programs));
  const all = [kernel].concat(needed);
  onProgress(`downloading ${kernel} and ${all.length - 1} other packages`);
  // apt would download as its own user, which may not write here, and retry for long without a network.
  const options = ["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=1"];
  await runTool(["apt-get", "-q", ...options, "download", ...all], debs);
  return kernel;
}

/** Runs `act`, which needs apt's package lists; if it fails, updates the lists (as root) and retries. */
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
    // Root of a user namespace may not update the lists; the first error says more.
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
    `the profile "tiny" needs Debian packages that cannot be downloaded: ${error.message}\n` +
      "If the lists of packages are old, run `sudo apt-get update`. In rootless mode, which has no " +
      "network, run `netyard prepare` (`deno run -A jsr:@netyard/netyard/cli prepare`) as this user " +
      "first, which fills the cache. " +
      `Where there are no such packages, ${OWN_KERNEL}.`,
    { cause: error },
  );
}
