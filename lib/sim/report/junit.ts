import { stripVTControlCharacters } from "node:util";
import type { Builder, TestCase } from "junit-report-builder";
import { reportEntries } from "./records.ts";
import { failureText, type ReportEntry, resultsText } from "./report.ts";
import type { RunSummary } from "../types/run_types.ts";

/** Where a simulation is of which nothing but the name is known, as its shard is missing. */
const UNKNOWN_FILE = "netyard";

/**
 * A run as JUnit's XML, which CI systems show: a suite for each file, a case for each simulation, with
 * its variant as properties and its results as output. What was not run is skipped; an interrupted one,
 * and a file that could not be written, is an error.
 */
export async function junitXml(summary: RunSummary): Promise<string> {
  // What the package's types call its default export is all that it exports.
  const shared = (await import("junit-report-builder")).default as unknown as Builder;
  const builder = shared.newBuilder().name("netyard");
  const entries = reportEntries(summary.simulations, summary.outcomes);
  for (const [file, group] of Map.groupBy(entries, ({ file }) => file || UNKNOWN_FILE)) {
    const suite = builder.testSuite().name(plain(file)).timestamp(summary.startedAt.slice(0, 19))
      .time(secondsOf(group.reduce((sum, { durationMs = 0 }) => sum + durationMs, 0)));
    for (const entry of group) addCase(suite.testCase(), entry);
  }
  if (summary.errors.length > 0) {
    builder.testSuite().name("netyard").testCase().className("netyard").name("records of the run")
      .error("the records of the run are incomplete", "error", plain(summary.errors.join("\n")));
  }
  return builder.build() + "\n";
}

function addCase(testCase: TestCase, entry: ReportEntry): void {
  const { name, file, variant, status, durationMs = 0, failure } = entry;
  testCase.name(plain(name)).className(plain(file || UNKNOWN_FILE));
  if (file) testCase.file(plain(file));
  testCase.time(secondsOf(durationMs));
  for (const [axis, value] of Object.entries(variant)) testCase.property(plain(axis), plain(value));
  const message = plain(failure?.message ?? status);
  const details = failure && plain(failureText(failure));
  if (status === "failed" || status === "timed-out") {
    testCase.failure(message, status).stacktrace(details);
  } else if (status === "interrupted") {
    testCase.error(message, status, details);
  } else if (status === "not-run") {
    testCase.skipped();
  }
  testCase.standardOutput(plain(resultsText(entry)));
  testCase.standardError(plain(failure?.stderr.join("\n") ?? ""));
}

function secondsOf(ms: number): number {
  return Math.round(ms) / 1000;
}

/** Without colours; what else XML cannot hold, the builder leaves out. */
function plain(text: string): string {
  return stripVTControlCharacters(text);
}
