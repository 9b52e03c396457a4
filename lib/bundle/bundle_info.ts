/**
 * The record of a failure: a directory, and the same as a zip file, with all that shows why a test, a
 * simulation or a script failed. Imports `drawing`, `record`, `events` and `files`; knows no lab. Here is what
 * a bundle says; `write_bundle.ts` writes one. `testing/recorded.ts`, `sim/run/` and `lab/recording/` decide
 * when, and `cli/bundle/` runs what a bundle is about again.
 *
 * @module
 */
import type { LabState } from "../events/states/lab.ts";
import type { LabEvent } from "../events/types.ts";
import type { RunFailure } from "../record/failure.ts";
import { faultsText } from "../record/only_faults.ts";
import type { Verdict } from "../record/verdict.ts";

/** What failed. */
export interface Failed {
  /** What it is. */
  kind: "test" | "simulation" | "script";
  /** The name of the test or simulation, or the path of the script. */
  name: string;
  /** The path of the file that has the test or simulation; null where it is not known. */
  file: string | null;
}

/** A fault that was injected before the failure. */
export interface InjectedFault {
  /** The ID, which is the same in each run: `f1` of `inject()`, `s1.0` of the first step of a schedule. */
  id: string;
  /** When it was injected, in milliseconds since the lab was created. */
  atMs: number;
  /** When it was healed; null if it was not, or not before the failure. */
  healedMs: number | null;
  /** The fault as JSON; a step of a simulation, by its action. */
  fault: Record<string, unknown>;
}

/** What a simulation was doing. */
export interface SimulationFacts {
  /** The step that failed, such as `step 2 of 4: run ping in laptop`; null if there was none. */
  step: string | null;
  /** The place of the step: a file and a line. */
  where: string | null;
  /** The values of the matrix, by axis. */
  variant: Record<string, string>;
  /** The command of the step, with all references filled in; empty if it has none. */
  command: string[];
  /** The last lines of the command's standard error. */
  stderr: string[];
  /** The command line of `netyard`; null if a script ran the simulation. */
  line: string[] | null;
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
  /** The IDs in the environment variable `NETYARD_FAULTS`; null without it. */
  onlyFaults: string[] | null;
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
  /** All faults that were injected before the failure, in order. */
  schedule: InjectedFault[];
  /** Of a simulation: its step. */
  simulation?: SimulationFacts;
}

/** What ran in each node at some moment. */
export function runningIn(state: LabState): Record<string, string[][]> {
  const running: Record<string, string[][]> = {};
  for (const { node, argv } of Object.values(state.running)) {
    (Object.hasOwn(running, node) ? running[node] : running[node] = []).push(argv);
  }
  return running;
}

/** The faults that some events report, in the order in which they were injected. */
export function scheduleOf(events: Iterable<LabEvent>): InjectedFault[] {
  const injected = new Map<string, InjectedFault>();
  for (const event of events) {
    if (event.kind === "fault-injected") {
      const { id, fault, elapsedMs } = event;
      injected.set(id, { id, atMs: Math.round(elapsedMs), healedMs: null, fault });
    } else if (event.kind === "fault-healed") {
      const fault = injected.get(event.id);
      if (fault) fault.healedMs = Math.round(event.elapsedMs);
    }
  }
  return [...injected.values()];
}

/** A bundle as text, for those who only have a terminal. */
export function bundleText(info: BundleInfo): string {
  const { failed, error, running, faults, schedule, simulation } = info;
  const lines = [
    `${failed.kind} ${failed.name}`,
    ...failed.file === null ? [] : [`of ${failed.file}`],
    `failed at ${info.at}`,
    ...simulation?.step ? [`in ${simulation.step}`] : [],
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
  if (schedule.length > 0) lines.push("", "faults:", ...schedule.map(faultLine));
  const active = Object.keys(faults);
  if (active.length > 0) lines.push(`active at the failure: ${active.join(", ")}`);
  if (simulation && simulation.command.length > 0) {
    lines.push("", `command of the step: ${simulation.command.join(" ")}`);
    if (simulation.stderr.length > 0) {
      lines.push("its last lines on the standard error:");
      lines.push(...simulation.stderr.map((line) => `  ${line}`));
    }
  }
  lines.push(
    "",
    ...info.onlyFaults ? [`NETYARD_FAULTS=${faultsText(info.onlyFaults)}`] : [],
    `seed ${info.seed}, link engine ${info.linkEngine ?? "not used"}`,
    `Netyard ${info.netyard}, Deno ${info.deno}, Linux ${info.kernel ?? "?"}, ${info.arch}`,
    ...info.command.length > 0 ? [`command: ${info.command.join(" ")}`] : [],
    "",
  );
  return lines.join("\n");
}

function faultLine({ id, atMs, healedMs, fault }: InjectedFault): string {
  const until = healedMs === null ? "" : ` to ${healedMs}`;
  return `  ${id}, ${atMs}${until} ms: ${JSON.stringify(fault)}`;
}
