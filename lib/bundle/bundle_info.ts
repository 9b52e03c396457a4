/**
 * The record of a failure: a directory, and the same as a zip file, with all that shows why a test failed;
 * and the replay of it. Imports `lab`, `drawing`, `record`, `events` and `files`. Begin with `recorded.ts`,
 * which runs a function with a lab and keeps its record if it fails; here is what a bundle says.
 *
 * @module
 */
import type { LabState } from "../events/states/lab.ts";
import type { RunFailure } from "../record/failure.ts";
import type { Verdict } from "../record/verdict.ts";

/** What failed. */
export interface Failed {
  /** What it is. */
  kind: "test" | "script";
  /** The name of the test, or the path of the script. */
  name: string;
  /** The path of the file that has the test; null where it is not known. */
  file: string | null;
}

/** The host and the programs of a run. */
export interface RunFacts {
  /** The version of Netyard. */
  netyard: string;
  /** The version of Deno. */
  deno: string;
  /** The release of the kernel; null where the process may not know it. */
  kernel: string | null;
  /** The architecture of the host, such as `x86_64`. */
  arch: string;
  /** The command line of the process; empty where it cannot be read. */
  command: string[];
  /** The working directory; null where the process may not know it. */
  cwd: string | null;
}

/** The content of `bundle.json`. */
export interface BundleInfo extends RunFacts {
  /** The version of this format. */
  version: 1;
  failed: Failed;
  /** When it failed: ISO 8601, UTC. */
  at: string;
  error: RunFailure;
  /** The label of the lab. */
  label: string;
  /** The seed of the lab, by which the same random decisions are made again. */
  seed: number;
  /** The engine that impaired its links; null if no link had a condition. */
  linkEngine: string | null;
  /** Whether the host was fast enough for the failure to mean something. */
  verdict: Verdict;
  /** The programs and modules that ran in the nodes at the failure, by node. */
  running: Record<string, string[][]>;
  /** The faults that were active at the failure, as JSON, by ID. */
  faults: Record<string, Record<string, unknown>>;
}

/** What ran in each node at some moment. */
export function runningIn(state: LabState): Record<string, string[][]> {
  const running: Record<string, string[][]> = {};
  for (const { node, argv } of Object.values(state.running)) {
    (Object.hasOwn(running, node) ? running[node] : running[node] = []).push(argv);
  }
  return running;
}

/** A bundle as text, for those who only have a terminal. */
export function bundleText(info: BundleInfo): string {
  const { failed, error, running, faults } = info;
  const lines = [
    `${failed.kind} ${failed.name}`,
    ...failed.file === null ? [] : [`of ${failed.file}`],
    `failed at ${info.at}`,
    "",
    error.stack,
    ...error.causes.map(({ name, message }) => `caused by ${name}: ${message}`),
  ];
  if (error.source) {
    const { file, line, lines: source } = error.source;
    const width = String(source.at(-1)?.[0] ?? 0).length;
    lines.push("", `${file}:${line}`);
    for (const [number, text] of source) {
      lines.push(
        `${number === line ? ">" : " "} ${String(number).padStart(width)} | ${text}`.trimEnd(),
      );
    }
  }
  const programs = Object.entries(running).flatMap(([node, all]) =>
    all.map((argv) => `  ${node}: ${argv.join(" ")}`)
  );
  if (programs.length > 0) lines.push("", "running in the nodes:", ...programs);
  if (info.verdict.kind === "inconclusive") {
    lines.push(
      "",
      "the host was too slow to tell why:",
      ...info.verdict.reasons.map((why) => `  ${why}`),
    );
  }
  const active = Object.entries(faults).map(([id, fault]) => `  ${id}: ${JSON.stringify(fault)}`);
  if (active.length > 0) lines.push("", "active faults:", ...active);
  lines.push(
    "",
    `seed ${info.seed}, link engine ${info.linkEngine ?? "not used"}`,
    `Netyard ${info.netyard}, Deno ${info.deno}, Linux ${info.kernel ?? "?"}, ${info.arch}`,
    ...info.command.length > 0 ? [`command: ${info.command.join(" ")}`] : [],
    "",
  );
  return lines.join("\n");
}
