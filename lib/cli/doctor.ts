import { NetyardError } from "../../native/error.ts";
import { enterRootless } from "../../native/process/reexec.ts";
import { CacheError } from "../files/errors.ts";
import { type Finding, fromTrial, NOT_TRIED, type Trial } from "../host/finding.ts";
import { checkHost } from "../host/probe.ts";
import { tinyBootFilesKept } from "../vm/tiny/boot_files.ts";
import { painter, wantsColors } from "./command/colors.ts";
import type { Invocation } from "./command/command.ts";
import type { DOCTOR_OPTIONS } from "./doctor_command.ts";

/**
 * The command `netyard doctor`: prints each finding. Like a script, it first becomes root in a user
 * namespace if the host allows that.
 *
 * @returns the exit code: 0 if a lab can be built on this host, else 1
 */
export async function doctor(
  { options, stdout }: Invocation<typeof DOCTOR_OPTIONS>,
): Promise<number> {
  try {
    enterRootless();
  } catch (error) {
    // The findings report it.
    if (!(error instanceof NetyardError)) throw error;
  }
  const findings = [...await checkHost(), await tinyFinding()];
  const ok = canBuildLab(findings);
  stdout.line(
    options.json
      ? JSON.stringify({ ok, findings }, null, 2)
      : renderFindings(findings, wantsColors(stdout)),
  );
  return ok ? 0 : 1;
}

/** Whether this host has everything that labs need. */
export function canBuildLab(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.ok || finding.needed !== "lab");
}

/**
 * The findings as text, one per line, each with its remedy below: first what labs need, then the
 * findings of each feature.
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
  const paint = painter(colors);
  const lines = (finding: Finding, indent: string) => {
    const { ok, title, detail, remedy, needed } = finding;
    const word = ok ? "ok     " : detail === NOT_TRIED ? "unknown" : "missing";
    const sign = paint(ok ? "green" : needed === "lab" ? "red" : "yellow", word);
    const first = `${indent}${sign}  ${title}: ${detail}`;
    return remedy ? [first, `${indent}         -> ${remedy}`] : [first];
  };
  const features = findings.filter((finding) => finding.needed === "feature");
  const byFeature = Map.groupBy(features, (finding) => finding.feature ?? "other");
  return [
    paint("bold", "For a lab"),
    ...findings.filter((f) => f.needed === "lab").flatMap((f) => lines(f, "  ")),
    "",
    paint("bold", "By feature"),
    ...[...byFeature].flatMap(([feature, found]) => [
      `  ${feature}`,
      ...found.flatMap((f) => lines(f, "    ")),
    ]),
    "",
    canBuildLab(findings) ? "Labs can be built on this host." : "No lab can be built on this host.",
  ].join("\n");
}

/** Whether the boot files of the profile `tiny` are in the cache. */
async function tinyFinding(): Promise<Finding> {
  return fromTrial({
    id: "vm-tiny",
    title: 'boot files of the profile "tiny"',
    needed: "feature",
    feature: "virtual machines",
    remedy:
      "nothing to do as root: the first boot builds them; otherwise run `netyard prepare` once",
  }, await findTinyBootFiles());
}

async function findTinyBootFiles(): Promise<Trial> {
  for (const name of ["read", "env"] as const) {
    if (Deno.permissions.querySync({ name }).state !== "granted") return undefined;
  }
  try {
    const directory = await tinyBootFilesKept();
    return { ok: directory !== undefined, detail: directory ?? "not built yet" };
  } catch (error) {
    if (!(error instanceof CacheError)) throw error;
    return { ok: false, detail: error.message };
  }
}
