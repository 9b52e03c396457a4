import { worstStatus } from "../model/status.ts";
import type { Invocation, RunInfo, ShownStatus } from "../model/types.ts";
import { isDirectoryName } from "../../sim/report/simulation_names.ts";
import { readJsonFile } from "./read_bounded.ts";
import { clean, objectOf, readRunInfo, withoutEvents } from "./read_run_info.ts";

/** The most simulations of one invocation that are listed. */
const MOST_SIMULATIONS = 5_000;

/** A run of simulations whose manifest did not change for so long is not called running. */
const SILENT_MS = 60_000;

const STATUSES: readonly ShownStatus[] = [
  "passed",
  "failed",
  "timed-out",
  "interrupted",
  "not-run",
  "waiting",
  "running",
];

/**
 * Reads the simulations of one `netyard run` from its `manifest.json`; undefined if there is none. The list
 * is what the manifest says, with what the event logs add.
 */
export async function readInvocation(
  directory: string,
  id: string,
): Promise<Invocation | undefined> {
  const path = `${directory}/manifest.json`;
  const manifest = objectOf(await readJsonFile(path));
  if (!Array.isArray(manifest.simulations)) return undefined;
  const changed = await Deno.lstat(path).then(({ mtime }) => mtime?.getTime() ?? 0, () => 0);
  const problems = (Array.isArray(manifest.errors) ? manifest.errors : []).slice(0, 50).map(clean);
  if (manifest.version !== 1) {
    problems.push(`manifest.json has version ${clean(manifest.version)}, which is not known here`);
  }
  const runs: RunInfo[] = [];
  for (const each of manifest.simulations.slice(0, MOST_SIMULATIONS)) {
    runs.push(await readSimulation(directory, id, objectOf(each)));
  }
  const left = manifest.simulations.length - runs.length;
  if (left > 0) problems.push(`${left} more simulations are not listed`);

  const isRunning = manifest.status === "running" || manifest.status === undefined;
  const seemsAlive = runs.some(({ status }) => status === "running") ||
    Date.now() - changed < SILENT_MS;
  const status = !isRunning ? statusOf(manifest.status) : seemsAlive ? "running" : "interrupted";
  for (const run of runs) {
    // Of an invocation that ended, nothing runs or waits.
    if (status === "running" || (run.status !== "running" && run.status !== "waiting")) continue;
    run.why = "the command ended before it did";
    run.status = run.status === "waiting" ? "not-run" : "interrupted";
  }
  return {
    id,
    kind: "simulations",
    title: Array.isArray(manifest.command)
      ? clean(manifest.command.join(" "))
      : clean(manifest.run ?? id),
    status: status === "unknown" ? worstStatus(runs.map((run) => run.status)) : status,
    startedAt: typeof manifest.startedAt === "string" ? clean(manifest.startedAt) : null,
    durationMs: typeof manifest.durationMs === "number" ? manifest.durationMs : null,
    problems,
    runs,
  };
}

async function readSimulation(
  directory: string,
  invocation: string,
  record: Record<string, unknown>,
): Promise<RunInfo> {
  const name = clean(record.name ?? "");
  const folder = String(record.directory ?? "");
  const id = `${invocation}/${folder}`;
  const status = statusOf(record.status);
  // The manifest may name any path: only a folder of its own directory is read.
  const found = isDirectoryName(folder)
    ? await readRunInfo(`${directory}/${folder}`, id)
    : undefined;
  const info = found?.info ?? withoutEvents(id, name, status);
  const variant = Object.entries(objectOf(record.variant)).slice(0, 50)
    .map(([axis, value]) => [clean(axis), clean(value)]);
  const ended = status !== "running" && status !== "waiting" && status !== "unknown";
  return {
    ...info,
    label: name || info.label,
    status: ended ? status : status === "waiting" ? "waiting" : found ? info.status : status,
    variant: Object.fromEntries(variant),
    durationMs: typeof record.durationMs === "number" ? record.durationMs : info.durationMs,
    facts: [
      ...record.file ? [["file", clean(record.file)] as [string, string]] : [],
      ...info.facts,
    ],
  };
}

function statusOf(value: unknown): ShownStatus {
  return STATUSES.find((each) => each === value) ?? "unknown";
}
