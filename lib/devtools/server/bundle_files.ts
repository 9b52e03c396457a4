import { join } from "node:path";
import type { RunFile } from "../model/types.ts";
import type { FoundRuns } from "./find_runs.ts";
import { type OpenFile, openRegular } from "./read_bounded.ts";
import { BUNDLE_FILE } from "./read_bundle_run.ts";
import { listRunFiles, openRunFile } from "./run_files.ts";

/** Opens a file of a run that was found, or what its bundle says of the failure. */
export async function openFoundFile(
  { directories, bundles }: FoundRuns,
  id: string,
  path: string,
): Promise<OpenFile | undefined> {
  const bundle = bundles.get(id);
  if (path === BUNDLE_FILE) {
    return bundle === undefined ? undefined : await openRegular(join(bundle, path));
  }
  const directory = directories.get(id);
  return directory === undefined ? undefined : await openRunFile(directory, path);
}

/** The files of a run that was found, with that of its bundle. */
export async function listFoundFiles(
  { directories, bundles }: FoundRuns,
  id: string,
): Promise<RunFile[]> {
  const files = await listRunFiles(directories.get(id)!);
  const bundle = bundles.get(id);
  if (bundle === undefined) return files;
  const stat = await Deno.lstat(join(bundle, BUNDLE_FILE)).catch(() => undefined);
  return stat?.isFile ? [...files, { path: BUNDLE_FILE, size: stat.size }] : files;
}
