/** The name of a bundle: `20260102-030405-678-label`, with a suffix where the name was taken. */
const NAME = /^\d{8}-\d{6}-\d{3}-[A-Za-z0-9._-]+$/;

/**
 * Returns the entries of a directory of bundles that must be removed to keep the newest ones. Names begin with
 * the time. Entries with other names are not bundles, and stay.
 */
export function toPrune(names: Iterable<string>, keep: number): string[] {
  const bundles = new Set<string>();
  for (const name of names) {
    const bundle = name.replace(/\.zip$/, "");
    if (NAME.test(bundle)) bundles.add(bundle);
  }
  return [...bundles].sort().slice(0, Math.max(0, bundles.size - keep));
}

/** Removes all but the newest bundles. Another process may do so too at the same time. */
export async function pruneBundles(directory: string, keep: number): Promise<void> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(directory)) names.push(name);
  for (const bundle of toPrune(names, keep)) {
    for (const path of [`${directory}/${bundle}`, `${directory}/${bundle}.zip`]) {
      await Deno.remove(path, { recursive: true }).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }
}
