import { stripVTControlCharacters } from "node:util";
import { inconclusiveLine, isInconclusive } from "./inconclusive.ts";
import { reportEntries } from "./records.ts";
import { failureText, type ReportEntry, resultsText } from "./report.ts";
import type { RecordStatus, RunSummary } from "../types/run_types.ts";
import { xmlDocument, type XmlElement } from "./xml.ts";

/** The suite of simulations of a missing shard, of which only the name is known. */
const UNKNOWN_FILE = "netyard";

/** The elements by which a case says that it did not pass. */
const VERDICTS: Readonly<Record<RecordStatus, "failure" | "error" | "skipped" | undefined>> = {
  passed: undefined,
  failed: "failure",
  "timed-out": "failure",
  interrupted: "error",
  "not-run": "skipped",
};

/**
 * Returns a run as JUnit XML, which CI systems show: one suite for each file, one case for each
 * simulation, with its variant as properties and its results as output. A simulation that did not run
 * is skipped; an interrupted one, a file that could not be written, and a simulation that failed on a host
 * that was too slow (type `inconclusive`) is an error: by the format, a test that could not be carried out.
 */
export function junitXml(summary: RunSummary): string {
  const entries = reportEntries(summary.simulations, summary.outcomes);
  const suites = [...Map.groupBy(entries, ({ file }) => file || UNKNOWN_FILE)]
    .map(([file, group]) => suiteOf(file, group, summary.startedAt));
  if (summary.errors.length > 0) suites.push(recordsSuite(summary.errors));
  return xmlDocument({
    name: "testsuites",
    attributes: { name: "netyard", ...countsOf(suites.flatMap(({ children }) => children)) },
    children: suites,
  });
}

/** An element with the elements in it, without text. */
type Parent = XmlElement & { children: XmlElement[] };

function suiteOf(file: string, entries: readonly ReportEntry[], startedAt: string): Parent {
  const cases = entries.map(caseOf);
  const total = entries.reduce((sum, { durationMs = 0 }) => sum + durationMs, 0);
  return {
    name: "testsuite",
    attributes: {
      name: plain(file),
      timestamp: startedAt.slice(0, 19),
      time: secondsOf(total),
      ...countsOf(cases),
    },
    children: cases,
  };
}

function caseOf(entry: ReportEntry): Parent {
  const { name, file, variant, durationMs = 0, failure } = entry;
  const properties = Object.entries(variant).map(([axis, value]): XmlElement => ({
    name: "property",
    attributes: { name: plain(axis), value: plain(value) },
  }));
  return {
    name: "testcase",
    attributes: {
      name: plain(name),
      classname: plain(file || UNKNOWN_FILE),
      file: file ? plain(file) : undefined,
      time: secondsOf(durationMs),
    },
    children: [
      ...properties.length > 0 ? [{ name: "properties", children: properties }] : [],
      ...verdictOf(entry),
      ...textElement("system-out", resultsText(entry)),
      ...textElement("system-err", failure?.stderr.join("\n") ?? ""),
    ],
  };
}

function verdictOf(entry: ReportEntry): XmlElement[] {
  const { status, failure, verdict: judged } = entry;
  const verdict = VERDICTS[status];
  if (verdict === undefined) return [];
  if (verdict === "skipped") return [{ name: verdict }];
  if (judged && isInconclusive(entry)) {
    // Not skipped, which most readers count as good, though nothing was shown.
    const reasons = ["The host was too slow to tell why:", ...judged.reasons];
    return [{
      name: "error",
      attributes: { message: plain(inconclusiveLine(judged)), type: "inconclusive" },
      children: [plain([failure ? failureText(failure) : status, ...reasons].join("\n"))],
    }];
  }
  return [{
    name: verdict,
    attributes: { message: plain(failure?.message ?? status), type: status },
    children: failure ? [plain(failureText(failure))] : [],
  }];
}

function recordsSuite(errors: readonly string[]): Parent {
  const error: XmlElement = {
    name: "error",
    attributes: { message: "the records of the run are incomplete", type: "error" },
    children: [plain(errors.join("\n"))],
  };
  const testcase: Parent = {
    name: "testcase",
    attributes: { name: "records of the run", classname: "netyard" },
    children: [error],
  };
  return {
    name: "testsuite",
    attributes: { name: "netyard", ...countsOf([testcase]) },
    children: [testcase],
  };
}

/** Counts cases as JUnit does. */
function countsOf(cases: readonly XmlElement[]): Record<string, number> {
  const having = (verdict: string) =>
    cases.filter(({ children = [] }) =>
      children.some((child) => typeof child !== "string" && child.name === verdict)
    ).length;
  return {
    tests: cases.length,
    failures: having("failure"),
    errors: having("error"),
    skipped: having("skipped"),
  };
}

function textElement(name: string, text: string): XmlElement[] {
  return text === "" ? [] : [{ name, children: [plain(text)] }];
}

function secondsOf(ms: number): number {
  return Math.round(ms) / 1000;
}

/** Removes colours and other control sequences of terminals. */
function plain(text: string): string {
  return stripVTControlCharacters(text);
}
