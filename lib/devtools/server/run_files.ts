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

/** The most nodes whose logs are listed, and the most captures. */
const MOST_NODES = 5_000;
const MOST_CAPTURES = 5_000;

const NODE_LOG = /^nodes\/([A-Za-z0-9_][A-Za-z0-9._-]{0,254})\/(?:stdout|stderr)\.log$/;

const CAPTURE = /^captures\/[A-Za-z0-9_][A-Za-z0-9._~-]{0,254}\.pcapng$/;

/** Whether a path below a run's directory is one of the files that are sent. */
export function isRunFile(path: string): boolean {
  return OWN.includes(path) || NODE_LOG.test(path) || isCapture(path);
}

/** Whether a path below a run's directory is a capture. */
export function isCapture(path: string): boolean {
  return CAPTURE.test(path);
}

/**
 * Opens a file of a run; undefined if it is not there, is not one of {@linkcode isRunFile}, or a symbolic
 * link is on the way to it.
 */
export async function openRunFile(directory: string, path: string): Promise<OpenFile | undefined> {
  if (!isRunFile(path)) return undefined;
  return await openBelow(directory, path);
}

/** Opens the secrets of the TLS connections of a run, which are sent to nobody; undefined without them. */
export async function openKeyLog(directory: string): Promise<OpenFile | undefined> {
  return await openBelow(directory, "captures/keys.log");
}

/** Opens a file below a directory, with no symbolic link on the way to it. */
async function openBelow(directory: string, path: string): Promise<OpenFile | undefined> {
  const folders = path.split("/").slice(0, -1);
  for (const [i] of folders.entries()) {
    const folder = join(directory, ...folders.slice(0, i + 1));
    const stat = await Deno.lstat(folder).catch(() => undefined);
    if (!stat?.isDirectory) return undefined;
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
  paths.push(...await captureFiles(directory));
  const files: RunFile[] = [];
  for (const path of paths.filter(isRunFile)) {
    const stat = await Deno.lstat(join(directory, path)).catch(() => undefined);
    if (stat?.isFile) files.push({ path, size: stat.size });
  }
  return files;
}

async function captureFiles(directory: string): Promise<string[]> {
  const found: string[] = [];
  try {
    const folder = join(directory, "captures");
    if (!(await Deno.lstat(folder)).isDirectory) return [];
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && isCapture(`captures/${name}`)) found.push(`captures/${name}`);
      if (found.length >= MOST_CAPTURES) break;
    }
  } catch {
    // A run without captures.
  }
  return found.sort();
}
