import { parseArgs } from "@std/cli/parse-args";
import { NetyardError } from "../../native/error.ts";
import { enterRootless } from "../../native/reexec.ts";
import { type Finding, NOT_TRIED } from "../host/finding.ts";
import { checkHost } from "../host/probe.ts";
import { tinyFinding } from "./tiny_finding.ts";

/** What `netyard doctor --help` prints. */
export const DOCTOR_USAGE = `Says what this host can do for Netyard, and what mends the rest.

Usage: netyard doctor [options]

Options:
      --json  print the findings as JSON
  -h, --help  print this text

Exit codes: 0 when a lab can be built here, 1 when not, 2 for wrong options.
`;

/**
 * The command `netyard doctor`: prints each finding. An ordinary user becomes
 * root in a user namespace first, where the host allows it, as scripts do.
 *
 * @returns the exit code: 0 when a lab can be built here, else 1; 2 for wrong options.
 */
export async function doctor(args: readonly string[]): Promise<number> {
  const unknown: string[] = [];
  const options = parseArgs(args, {
    boolean: ["json", "help"],
    alias: { help: "h" },
    unknown: (arg) => {
      unknown.push(arg);
      return false;
    },
  });
  if (options.help) {
    console.log(DOCTOR_USAGE.trimEnd());
    return 0;
  }
  if (unknown.length > 0) {
    console.error(
      `netyard doctor does not know ${unknown.join(", ")}\n\n${DOCTOR_USAGE.trimEnd()}`,
    );
    return 2;
  }
  try {
    enterRootless();
  } catch (error) {
    // The findings tell it, with the rest.
    if (!(error instanceof NetyardError)) throw error;
  }
  const findings = [...await checkHost(), await tinyFinding()];
  const ok = canBuildLab(findings);
  console.log(
    options.json
      ? JSON.stringify({ ok, findings }, null, 2)
      : renderFindings(findings, Deno.stdout.isTerminal() && !Deno.noColor),
  );
  return ok ? 0 : 1;
}

/** Whether nothing that labs need is missing. */
export function canBuildLab(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.ok || finding.needed !== "lab");
}

const GREEN = 32;
const RED = 31;
const YELLOW = 33;
const BOLD = 1;

/**
 * The findings as text, one a line with the remedy below, first what labs need
 * and then feature by feature.
 *
 * @example
 * ```ts
 * import { renderFindings } from "./doctor.ts";
 *
 * console.log(renderFindings([
 *   { id: "deno", title: "Deno 2.9 or later", ok: true, needed: "lab", detail: "2.9.6" },
 * ], false));
 * ```
 */
export function renderFindings(findings: readonly Finding[], colors: boolean): string {
  const paint = (code: number, text: string) => colors ? `\x1b[${code}m${text}\x1b[0m` : text;
  const lines = (finding: Finding, indent: string) => {
    const { ok, title, detail, remedy, needed } = finding;
    const word = ok ? "ok     " : detail === NOT_TRIED ? "unknown" : "missing";
    const sign = paint(ok ? GREEN : needed === "lab" ? RED : YELLOW, word);
    const first = `${indent}${sign}  ${title}: ${detail}`;
    return remedy ? [first, `${indent}         -> ${remedy}`] : [first];
  };
  const features = findings.filter((finding) => finding.needed === "feature");
  const byFeature = Map.groupBy(features, (finding) => finding.feature ?? "other");
  return [
    paint(BOLD, "For a lab"),
    ...findings.filter((f) => f.needed === "lab").flatMap((f) => lines(f, "  ")),
    "",
    paint(BOLD, "By feature"),
    ...[...byFeature].flatMap(([feature, found]) => [
      `  ${feature}`,
      ...found.flatMap((f) => lines(f, "    ")),
    ]),
    "",
    canBuildLab(findings) ? "A lab can be built here." : "No lab can be built here.",
  ].join("\n");
}
