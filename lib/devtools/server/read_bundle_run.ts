import { join } from "node:path";
import type { RunInfo } from "../model/types.ts";
import { readJsonFile } from "./read_bounded.ts";
import {
  errorText,
  type FoundRun,
  objectOf,
  readRunInfo,
  text,
  verdictOf,
} from "./read_run_info.ts";

/** The file of a failure bundle that says what failed. */
export const BUNDLE_FILE = "bundle.json";

/** The folder of the run in a bundle. */
const RUN = "run";

/** A failure bundle that was found. */
export interface FoundBundle extends FoundRun {
  /** The directory of its run. */
  run: string;
}

/** Reads what the list shows of a failure bundle; undefined if the directory is none. */
export async function readBundleRun(
  directory: string,
  id: string,
): Promise<FoundBundle | undefined> {
  const bundle = objectOf(await readJsonFile(join(directory, BUNDLE_FILE)));
  if (bundle.version !== 1) return undefined;
  const run = join(directory, RUN);
  // A link leads out of the bundle.
  const isFolder = await Deno.lstat(run).then((stat) => stat.isDirectory, () => false);
  const found = isFolder ? await readRunInfo(run, id) : undefined;
  if (!found) return undefined;
  const failed = objectOf(bundle.failed);
  const { verdict, reasons } = verdictOf(bundle.verdict) ?? found.info;
  const info: RunInfo = {
    ...found.info,
    label: text(failed.name) ?? found.info.label,
    lab: text(bundle.label) ?? found.info.lab,
    test: text(failed.name),
    status: verdict === "inconclusive" ? "inconclusive" : "failed",
    why: null,
    verdict,
    reasons,
    error: errorText(bundle.error) ?? found.info.error,
    isBundle: true,
  };
  return { ...found, info, run };
}
