// Runs all tests: first those that want the processors for themselves since they measure time, then
// those with virtual machines, whose emulated processors take all that there is. Ends as `deno test`
// does, with the sum of both.
//
// Usage: deno run -A tests/tools/all_tests.ts

const OF_MACHINES = ["tests/vm"];

/** How deno closes a run: `ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)`. */
const SUMMARY = /^(?:ok|FAILED) \|(.*)$/gm;

interface Counts {
  passed: number;
  failed: number;
  ignored: number;
}

async function run(args: string[]): Promise<Counts> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-P", "--parallel", ...args],
    stdout: "piped",
    stdin: "null",
  }).spawn();
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of child.stdout) {
    await Deno.stdout.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  // deno-lint-ignore no-control-regex -- the colours of a terminal
  const plain = text.replaceAll(/\x1b\[[\d;]*m/g, "");
  const [, summary] = [...plain.matchAll(SUMMARY)].at(-1) ?? [];
  const count = (what: string) =>
    Number(new RegExp(`(\\d+) ${what}`).exec(summary ?? "")?.[1] ?? 0);
  const counts = { passed: count("passed"), failed: count("failed"), ignored: count("ignored") };
  // One that did not come to its end, or failed without a test that did.
  if (!(await child.status).success) counts.failed ||= 1;
  return counts;
}

const parts = [
  await run([`--ignore=${OF_MACHINES.join(",")}`, "tests"]),
  await run(OF_MACHINES),
];
const sum = (key: keyof Counts) => parts.reduce((total, part) => total + part[key], 0);
const failed = sum("failed");
console.log(
  `${failed ? "FAILED" : "ok"} | ${sum("passed")} passed | ${failed} failed | ` +
    `${sum("ignored")} ignored (${Math.round(performance.now() / 1000)}s)`,
);
Deno.exit(failed ? 1 : 0);
