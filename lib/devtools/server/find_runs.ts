import { basename, join } from "node:path";
import { worstStatus } from "../model/status.ts";
import type { Invocation, RunInfo, RunsAnswer } from "../model/types.ts";
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
}

/** Finds the runs in a folder and below it. Symbolic links, such as `latest`, are not followed. */
export async function findRuns(root: string, limits: FindLimits = LIMITS): Promise<FoundRuns> {
  return await new Search(root, limits).run();
}

class Search {
  readonly #root: string;
  readonly #limits: FindLimits;
  readonly #invocations: Invocation[] = [];
  readonly #loose: (FoundRun & { parent: string })[] = [];
  readonly #directories = new Map<string, string>();
  readonly #problems: string[] = [];
  #entries = 0;
  #full = false;

  constructor(root: string, limits: FindLimits) {
    this.#root = root;
    this.#limits = limits;
  }

  async run(): Promise<FoundRuns> {
    const exists = await Deno.stat(this.#root).then((stat) => stat.isDirectory, () => false);
    if (exists) await this.#visit(this.#root, ".", this.#limits.depth);
    else this.#problems.push("the folder is not there (any more)");
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
    };
  }

  async #visit(directory: string, id: string, depth: number): Promise<void> {
    const invocation = await readInvocation(directory, id);
    if (invocation) {
      this.#invocations.push(invocation);
      for (const run of invocation.runs) this.#add(run);
      return;
    }
    const run = await readRunInfo(directory, id);
    if (run) {
      this.#loose.push({ ...run, parent: id === "." ? "" : id.slice(0, id.lastIndexOf("/") + 1) });
      this.#add(run.info);
      return;
    }
    if (depth === 0) return;
    for (const name of await this.#folders(directory)) {
      if (this.#full) return;
      await this.#visit(join(directory, name), id === "." ? name : `${id}/${name}`, depth - 1);
    }
  }

  #add({ id, hasEvents }: RunInfo): void {
    if (hasEvents) this.#directories.set(id, id === "." ? this.#root : join(this.#root, id));
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
      title: process?.command ?? (members[0].parent.replace(/\/$/, "") || root),
      status: worstStatus(infos.map(({ status }) => status)),
      // A folder keeps runs of any age: it is as new as its newest.
      startedAt: (process ? starts[0] : starts.at(-1)) ?? null,
      durationMs: process ? spanOf(infos) : null,
      problems: [],
      runs: infos,
    };
  });
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
