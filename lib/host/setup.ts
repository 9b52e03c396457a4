/**
 * Sees to the programs that labs call on the host: installs what is missing
 * where it may, and says what to install elsewhere. Prints nothing when nothing
 * is missing. Arguments name further programs, such as `tcpdump`; `--all` stands for
 * those of every feature and of the tests, as far as this host has them to install.
 *
 * ```sh
 * deno run -A lib/host/setup.ts
 * deno run -A lib/host/setup.ts --all
 * deno run -A lib/host/setup.ts tcpdump qemu-system-x86_64
 * ```
 *
 * @module
 */
import {
  COMMON_PROGRAMS,
  FEATURE_PROGRAMS,
  type Installable,
  isProgram,
  missingMessage,
  planInstall,
  PROGRAMS,
  TEST_PROGRAMS,
} from "./install.ts";
import { readOsRelease } from "./os_release.ts";
import { locateProgram } from "./programs.ts";

/** The argument for the programs of every feature, and of the tests. */
const ALL = "--all";

/** Does what the module says, for these arguments. Returns the exit code. */
export function setup(args: readonly string[]): number {
  const further = args.filter((arg) => arg !== ALL);
  const unknown = further.filter((name) => !isProgram(name));
  if (unknown.length > 0) {
    console.error(
      `no package is known for: ${unknown.join(", ")}; known: ${
        [...PROGRAMS, ...TEST_PROGRAMS].join(", ")
      }`,
    );
    return 2;
  }
  if (!seeToPrograms([...COMMON_PROGRAMS, ...further.filter(isProgram)])) return 1;
  if (args.includes(ALL)) seeToFeatures();
  return 0;
}

/** Sees to programs without which there is no going on; returns whether they are all there then. */
function seeToPrograms(programs: readonly Installable[]): boolean {
  const missing = missingOf(programs);
  const said = tryInstall(missing);
  const left = missingOf(missing);
  if (left.length === 0) return true;
  for (const output of said) console.error(output);
  console.error(missingMessage(left, readOsRelease()));
  return false;
}

/** Sees to what single features call. What cannot be had costs its feature, and nothing else. */
function seeToFeatures(): void {
  const missing = missingOf([...FEATURE_PROGRAMS, ...TEST_PROGRAMS]);
  tryInstall(missing);
  // One package that a release does not have keeps apt-get from all: so each by itself.
  const refused = missingOf(missing);
  const said = refused.length < missing.length ? [] : refused.flatMap((name) => tryInstall([name]));
  const left = missingOf(missing);
  if (left.length === 0) return;
  for (const output of said) console.error(output);
  console.error(missingMessage(left, readOsRelease()));
}

/** Installs programs where that can be done; returns what the commands said that failed. */
function tryInstall(programs: readonly Installable[]): string[] {
  const plan = planInstall(programs, readOsRelease(), Deno.uid());
  if (plan.kind !== "install") return [];
  console.error(`installing ${plan.packages.join(", ")}`);
  return plan.commands.map(runQuietly).filter((output) => output !== "");
}

// A tool in /usr/sbin counts also where an ordinary user's PATH has no /usr/sbin.
function missingOf(programs: readonly Installable[]): Installable[] {
  return programs.filter((program) => !locateProgram(program));
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
