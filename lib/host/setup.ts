/**
 * Sees to the programs that labs call on the host: installs what is missing
 * where it may, and says what to install elsewhere. Prints nothing when nothing
 * is missing. Arguments name further programs, such as `tcpdump`.
 *
 * ```sh
 * deno run -A lib/host/setup.ts
 * deno run -A lib/host/setup.ts tcpdump qemu-system-x86_64
 * ```
 *
 * @module
 */
import { findProgram, searchPath, SYSTEM_DIRECTORIES } from "../../native/process.ts";
import { readOsRelease } from "./os_release.ts";
import {
  COMMON_PROGRAMS,
  isProgram,
  missingMessage,
  planInstall,
  type Program,
  PROGRAMS,
} from "./install.ts";

/** Does what the module says, for these further programs. Returns the exit code. */
export function setup(further: readonly string[]): number {
  const unknown = further.filter((name) => !isProgram(name));
  if (unknown.length > 0) {
    console.error(`no package is known for: ${unknown.join(", ")}; known: ${PROGRAMS.join(", ")}`);
    return 2;
  }
  const wanted = [...COMMON_PROGRAMS, ...further.filter(isProgram)];
  const plan = planInstall(missingOf(wanted), readOsRelease(), Deno.uid());
  if (plan.kind === "nothing") return 0;
  if (plan.kind === "advise") {
    console.error(plan.message);
    return 1;
  }
  console.error(`installing ${plan.packages.join(", ")}`);
  const outputs = plan.commands.map(runQuietly);
  const missing = missingOf(wanted);
  if (missing.length === 0) return 0;
  for (const output of outputs) console.error(output);
  console.error(missingMessage(missing, readOsRelease()));
  return 1;
}

// A tool in /usr/sbin counts also where an ordinary user's PATH has no /usr/sbin.
function missingOf(programs: readonly Program[]): Program[] {
  const directories = [...searchPath(), ...SYSTEM_DIRECTORIES];
  return programs.filter((program) => !findProgram(program, directories));
}

function runQuietly([program, ...args]: string[]): string {
  const { success, code, stdout, stderr } = new Deno.Command(program, {
    args,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
  }).outputSync();
  if (success) return "";
  const said = new TextDecoder().decode(stderr) || new TextDecoder().decode(stdout);
  return `${[program, ...args].join(" ")} failed with exit code ${code}:\n${said.trim()}`;
}

if (import.meta.main) Deno.exit(setup(Deno.args));
