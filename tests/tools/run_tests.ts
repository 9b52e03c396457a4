// Runs the tests, in the parts and the order of `schedule.ts`, and ends as `deno test` does: with
// the slowest files, the tests that failed, and one line of counts. Types are not checked here
// (`deno task check` does that), so that tests start at once.
//
// Usage: deno run -A tests/tools/run_tests.ts [OPTION|PATH|NAME]...
//   PATH    a test file or a folder of them, such as tests/lab/nat
//   NAME    tests whose names contain it, as `deno test --filter` takes it
//   OPTION  any option of `deno test` that is one word, such as --fail-fast

import { type Part, schedule } from "./schedule.ts";
import {
  type Counts,
  readCounts,
  readErrors,
  readTests,
  slowestFiles,
  type TestLine,
} from "./test_output.ts";

const SLOWEST = 10;
/** The lines of each error that are said again at the end. */
const ERROR_LINES = 12;

/** Finds the test files below a folder by their path from the working directory. */
function testFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? testFiles(path) : name.endsWith("_test.ts") ? [path] : [];
  }).sort();
}

/** Tells paths, names and options apart; without a path, all test files are selected. */
function parseArguments(args: string[]): { files: string[]; options: string[] } {
  const options = args.filter((arg) => arg.startsWith("-"));
  const files = new Set<string>();
  const names: string[] = [];
  for (const arg of args.filter((arg) => !arg.startsWith("-"))) {
    const path = arg.replace(/^\.\//, "").replace(/\/+$/, "");
    const found = filesAt(path);
    if (found) found.forEach((file) => files.add(file));
    else names.push(arg);
  }
  if (names.length > 1) fail(`only one can be part of names, and these are no paths: ${names}`);
  options.push(...names.map((name) => `--filter=${name}`));
  return { files: files.size > 0 ? [...files] : testFiles("tests"), options };
}

/** The test files at a path: of a folder, or the one file; undefined if there is nothing. */
function filesAt(path: string): string[] | undefined {
  try {
    return Deno.statSync(path).isDirectory ? testFiles(path) : [path];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function fail(message: string): never {
  console.error(message);
  Deno.exit(1);
}

interface Outcome extends Counts {
  tests: TestLine[];
  errors: ReturnType<typeof readErrors>;
}

async function run(part: Part, options: string[]): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-P", "--no-check", "--parallel", ...options, ...part.files],
    env: { DENO_JOBS: String(part.jobs) },
    stdout: "piped",
    stdin: "null",
  }).spawn();
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of child.stdout) {
    await Deno.stdout.write(chunk);
    output += decoder.decode(chunk, { stream: true });
  }
  const counts = readCounts(output);
  // A run that did not reach its end, or failed outside of its tests.
  if (!(await child.status).success) counts.failed ||= 1;
  return { ...counts, tests: readTests(output), errors: readErrors(output, ERROR_LINES) };
}

const { files, options } = parseArguments(Deno.args);
const parts: Outcome[] = [];
for (const part of schedule(files, navigator.hardwareConcurrency)) {
  const started = performance.now();
  parts.push(await run(part, options));
  const seconds = Math.round((performance.now() - started) / 1_000);
  console.log(`${part.name}: ${part.files.length} files, ${part.jobs} at a time, ${seconds} s\n`);
}
const tests = parts.flatMap((part) => part.tests);
const sum = (key: keyof Counts) => parts.reduce((total, part) => total + part[key], 0);
const [passed, failed, ignored] = [sum("passed"), sum("failed"), sum("ignored")];
if (passed + failed + ignored === 0) fail(`no test is selected by: ${Deno.args.join(" ")}`);

console.log("The slowest files:");
for (const [file, seconds] of slowestFiles(tests, SLOWEST)) {
  console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}`);
}
for (const { test, lines } of parts.flatMap((part) => part.errors)) {
  console.log([`\n${test}`, ...lines].join("\n    "));
}
console.log();
for (const { file, name } of tests.filter((test) => test.failed)) {
  console.log(`FAILED: ${file} => ${name}`);
}
console.log(
  `\n${failed ? "FAILED" : "ok"} | ${passed} passed | ${failed} failed | ` +
    `${ignored} ignored (${Math.round(performance.now() / 1_000)}s)`,
);
Deno.exit(failed ? 1 : 0);
