/** What `deno test --parallel` prints: the count of its tests, and the time and result of each. */

/** How many tests ended in which way. */
export interface Counts {
  passed: number;
  failed: number;
  ignored: number;
}

/** One test that ran. */
export interface TestLine {
  file: string;
  name: string;
  failed: boolean;
  seconds: number;
}

// deno-lint-ignore no-control-regex -- the colours of a terminal
const COLORS = /\x1b\[[\d;]*m/g;

/** The last line of a run: `ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)`. */
const SUMMARY = /^(?:ok|FAILED) \|(.*)$/gm;

/** A test: `./tests/a_test.ts => its name ... ok (1m2s)`. With one job, the file's line comes before. */
const TEST =
  /^(?:(\.\/\S+) => )?(\S.*) \.\.\. (ok|FAILED) \((?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?(?:\d+µs)?\)$/;
const FILE = /^running \d+ tests? from (\.\/\S+)$/;

/** A failed test, where the errors stand: `its name => ./tests/a_test.ts:98:6`, with a step before. */
const ERROR = /^(\S.*) => \.\/(\S+?):\d+:\d+$/;

/** Counts the tests by the last line of a run; all are zero if the run did not reach it. */
export function readCounts(output: string): Counts {
  const summary = [...output.replaceAll(COLORS, "").matchAll(SUMMARY)].at(-1)?.[1] ?? "";
  const count = (what: string) => Number(new RegExp(`(\\d+) ${what}`).exec(summary)?.[1] ?? 0);
  return { passed: count("passed"), failed: count("failed"), ignored: count("ignored") };
}

/** Reads the tests that ran, without their steps. */
export function readTests(output: string): TestLine[] {
  let current = "";
  return output.replaceAll(COLORS, "").split("\n").flatMap((line) => {
    current = FILE.exec(line)?.[1] ?? current;
    const [, file = current, name, result, minutes = 0, seconds = 0, ms = 0] = TEST.exec(line) ??
      [];
    if (!name || name.includes(" ... ")) return [];
    // Deno cuts whole seconds off: half of one is missing in the mean.
    const cut = ms === 0 && (Number(minutes) > 0 || Number(seconds) > 0) ? 0.5 : 0;
    return [{
      file: file.replace("./", ""),
      name,
      failed: result === "FAILED",
      seconds: Number(minutes) * 60 + Number(seconds) + Number(ms) / 1_000 + cut,
    }];
  });
}

/** Reads the errors of failed tests, at most `most` lines of each. */
export function readErrors(output: string, most: number): { test: string; lines: string[] }[] {
  const errors: { test: string; lines: string[] }[] = [];
  let within = false;
  for (const line of output.replaceAll(COLORS, "").split("\n")) {
    if (/^ (ERRORS|FAILURES) $/.test(line)) within = line.includes("ERRORS");
    if (!within) continue;
    const [, name, file] = ERROR.exec(line) ?? [];
    if (name) errors.push({ test: `${file} => ${name}`, lines: [] });
    else if (line && (errors.at(-1)?.lines.length ?? most) < most) errors.at(-1)!.lines.push(line);
  }
  return errors;
}

/** The files whose tests take longest together, the longest first. */
export function slowestFiles(tests: TestLine[], most: number): [file: string, seconds: number][] {
  const times = new Map<string, number>();
  for (const { file, seconds } of tests) times.set(file, (times.get(file) ?? 0) + seconds);
  return [...times].sort(([, a], [, b]) => b - a).slice(0, most);
}
