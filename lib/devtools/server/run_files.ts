import { join } from "node:path";
import type { RunFile } from "../model/types.ts";
import { type OpenFile, openRegular } from "./read_bounded.ts";

/** Files of a run's own directory that are sent. */
const OWN = [
  "events.jsonl",
  "state.json",
  "run.json",
  "sim.json",
  "results.json",
  "counters.jsonl",
  "telemetry.jsonl",
];

/** The most nodes whose logs are listed. */
const MOST_NODES = 5_000;

const NODE_LOG = /^nodes\/([A-Za-z0-9_][A-Za-z0-9._-]{0,254})\/(?:stdout|stderr)\.log$/;

/** Whether a path below a run's directory is one of the files that are sent. */
export function isRunFile(path: string): boolean {
  return OWN.includes(path) || NODE_LOG.test(path);
}

/**
 * Opens a file of a run; undefined if it is not there, is not one of {@linkcode isRunFile}, or a symbolic
 * link is on the way to it.
 */
export async function openRunFile(directory: string, path: string): Promise<OpenFile | undefined> {
  if (!isRunFile(path)) return undefined;
  const node = NODE_LOG.exec(path)?.[1];
  if (node !== undefined) {
    for (const folder of ["nodes", `nodes/${node}`]) {
      const stat = await Deno.lstat(join(directory, folder)).catch(() => undefined);
      if (!stat?.isDirectory) return undefined;
    }
  }
  return await openRegular(join(directory, path));
}

/** The files of a run that can be sent, with their sizes. */
export async function listRunFiles(directory: string): Promise<RunFile[]> {
  const paths = [...OWN];
  try {
    if ((await Deno.lstat(join(directory, "nodes"))).isDirectory) {
      const nodes: string[] = [];
      for await (const { name, isDirectory } of Deno.readDir(join(directory, "nodes"))) {
        if (isDirectory && nodes.push(name) >= MOST_NODES) break;
      }
      for (const node of nodes.sort()) {
        paths.push(`nodes/${node}/stdout.log`, `nodes/${node}/stderr.log`);
      }
    }
  } catch {
    // A run without logs.
  }
  const files: RunFile[] = [];
  for (const path of paths.filter(isRunFile)) {
    const stat = await Deno.lstat(join(directory, path)).catch(() => undefined);
    if (stat?.isFile) files.push({ path, size: stat.size });
  }
  return files;
}
