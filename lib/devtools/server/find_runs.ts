import { basename, join } from "node:path";
import { worstStatus } from "../model/status.ts";
import type { Invocation, RunInfo, RunsAnswer } from "../model/types.ts";
import { readBundleRun } from "./read_bundle_run.ts";
import { readInvocation } from "./read_invocation.ts";
import { type FoundRun, readRunInfo } from "./read_run_info.ts";

/** How far and how wide folders are searched. */
export interface FindLimits {
  /** Levels below the folder. */
  depth: number;
  /** Runs, simulations included. */
  runs: number;
  /** Folders and files that are looked at. */
  entries: number;
}

const LIMITS: FindLimits = { depth: 6, runs: 5_000, entries: 100_000 };

/** Folders in which nobody keeps runs. */
const SKIPPED = new Set(["node_modules", ".git", "nodes", "captures"]);

/** The runs below a folder, and the directory of each. */
export interface FoundRuns {
  answer: RunsAnswer;
  /** The directories by the ID of the run: the only ones that files are sent from. */
  directories: Map<string, string>;
  /** The directories of failure bundles by the ID of the run, from which what failed is sent. */
  bundles: Map<string, string>;
}

/** Begins the IDs of runs in the folder of failure bundles. */
const FAILURES = "~failures";

/**
 * Finds the runs in a folder and below it. Symbolic links, such as `latest`, are not followed.
 *
 * @param failures a folder of failure bundles elsewhere, in which runs are found too
 */
export async function findRuns(
  root: string,
  limits: FindLimits = LIMITS,
  failures?: string,
): Promise<FoundRuns> {
  return await new Search(root, limits).run(failures);
}

class Search {
  readonly #root: string;
  readonly #limits: FindLimits;
  readonly #invocations: Invocation[] = [];
  readonly #loose: (FoundRun & { parent: string })[] = [];
  readonly #directories = new Map<string, string>();
  readonly #bundles = new Map<string, string>();
  readonly #problems: string[] = [];
  #entries = 0;
  #full = false;

  constructor(root: string, limits: FindLimits) {
    this.#root = root;
    this.#limits = limits;
  }

  async run(failures?: string): Promise<FoundRuns> {
    if (await isFolder(this.#root)) await this.#visit(this.#root, ".", this.#limits.depth);
    else this.#problems.push("the folder is not there (any more)");
    if (failures !== undefined && await isFolder(failures)) {
      await this.#visit(failures, FAILURES, this.#limits.depth);
    }
    if (this.#full) this.#problems.push("there are more folders and runs than are listed");
    const invocations = [
      ...this.#invocations,
      ...grouped(this.#loose, basename(this.#root) || "/"),
    ];
    invocations.sort((a, b) => (b.startedAt ?? "").localeCompare(a.startedAt ?? ""));
    return {
      answer: {
        version: 1,
        root: basename(this.#root) || this.#root,
        invocations,
        problems: this.#problems,
      },
      directories: this.#directories,
      bundles: this.#bundles,
    };
  }

  async #visit(directory: string, id: string, depth: number): Promise<void> {
    const invocation = await readInvocation(directory, id);
    if (invocation) {
      this.#invocations.push(invocation);
      for (const run of invocation.runs) {
        this.#add(run, join(directory, run.id === id ? "" : run.id.slice(id.length + 1)));
      }
      return;
    }
    const parent = id === "." ? "" : id.slice(0, id.lastIndexOf("/") + 1);
    const bundle = await readBundleRun(directory, id);
    const run = bundle ?? await readRunInfo(directory, id);
    if (run) {
      this.#loose.push({ ...run, parent });
      this.#add(run.info, bundle?.run ?? directory);
      if (bundle) this.#bundles.set(id, directory);
      return;
    }
    if (depth === 0) return;
    for (const name of await this.#folders(directory)) {
      if (this.#full) return;
      await this.#visit(join(directory, name), id === "." ? name : `${id}/${name}`, depth - 1);
    }
  }

  #add({ id, hasEvents }: RunInfo, directory: string): void {
    if (hasEvents) this.#directories.set(id, directory);
    this.#full ||= this.#directories.size >= this.#limits.runs;
  }

  /** The folders in a folder, those with the latest names first. */
  async #folders(directory: string): Promise<string[]> {
    const names: string[] = [];
    try {
      for await (const entry of Deno.readDir(directory)) {
        if (++this.#entries > this.#limits.entries) {
          this.#full = true;
          break;
        }
        // A symbolic link is no directory here.
        if (entry.isDirectory && !SKIPPED.has(entry.name)) names.push(entry.name);
      }
    } catch (error) {
      this.#problems.push(`a folder cannot be read: ${(error as Error).message}`);
    }
    return names.sort().reverse();
  }
}

function isFolder(path: string): Promise<boolean> {
  return Deno.stat(path).then((stat) => stat.isDirectory, () => false);
}

/** Groups runs by the process that started them, and others by their folder. */
function grouped(
  runs: readonly (FoundRun & { parent: string })[],
  root: string,
): Invocation[] {
  const groups = Map.groupBy(
    runs,
    ({ process, parent }) => process ? `process ${process.key}` : `folder ${parent}`,
  );
  return [...groups].map(([key, members]) => {
    const infos = members.map(({ info }) => info);
    infos.sort((a, b) => (b.startedAt ?? "").localeCompare(a.startedAt ?? ""));
    const starts = infos.flatMap(({ startedAt }) => startedAt ?? []).sort();
    const process = members[0].process;
    return {
      id: key,
      kind: process ? "process" as const : "folder" as const,
      title: process?.command ?? titleOf(members[0].parent, root),
      status: worstStatus(infos.map(({ status }) => status)),
      // A folder keeps runs of any age: it is as new as its newest.
      startedAt: (process ? starts[0] : starts.at(-1)) ?? null,
      durationMs: process ? spanOf(infos) : null,
      problems: [],
      runs: infos,
    };
  });
}

function titleOf(parent: string, root: string): string {
  const folder = parent.replace(/\/$/, "");
  return folder === FAILURES ? "failures" : folder || root;
}

/** From the first begin to the last end. */
function spanOf(runs: readonly RunInfo[]): number | null {
  const starts = runs.map(({ startedAt }) => Date.parse(startedAt ?? "")).filter(Number.isFinite);
  if (starts.length === 0) return null;
  const ends = runs.map(({ startedAt, durationMs }) =>
    Date.parse(startedAt ?? "") + (durationMs ?? 0)
  ).filter(Number.isFinite);
  return Math.max(...ends) - Math.min(...starts);
}
