/**
 * What it costs to start: a script that only imports Netyard, the demo, and the type check of a
 * script that imports Netyard, each beside an empty script of the same run.
 */
import { formatTable, median, ms, times } from "./stats.ts";

const ROOT = new URL("../../", import.meta.url);
const RUNS = 9;
const CHECKS = 3;

/** A script that does nothing but import Netyard. */
const IMPORT = `import "@netyard/netyard";\n`;
/** A script of a user who has just begun. */
const CONSUMER =
  `import { Lab } from "@netyard/netyard";\n\nawait using lab = await Lab.create();\n` +
  `console.log((await lab.addRouter("dc")).uplinkIp);\n`;

interface Measured {
  what: string;
  ms: number;
  /** The limit, as a multiple of an empty script's time. */
  limit?: number;
}

/**
 * Prints how long scripts and type checks take from the start of their process to its end.
 *
 * Scripts run in turns, so that all of them meet the same load of the machine.
 */
export async function benchHello(): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "netyard-bench-" });
  try {
    const empty = `${directory}/empty.ts`;
    const importOnly = `${directory}/import.ts`;
    await Deno.writeTextFile(empty, "");
    await Deno.writeTextFile(importOnly, IMPORT);
    const hello = new URL("examples/hello.ts", ROOT).pathname;
    const [emptyMs, importMs, helloMs] = await inTurns([empty, importOnly, hello].map(run));
    report([
      { what: "an empty script", ms: emptyMs },
      { what: "import only", ms: importMs, limit: 3.5 },
      { what: "hello", ms: helloMs, limit: 10 },
    ]);
    const [nothing, netyard] = [await checks(directory, ""), await checks(directory, CONSUMER)];
    report([
      { what: "deno check of an empty script, cold", ms: nothing.cold },
      { what: "deno check of a consumer, cold", ms: netyard.cold },
    ]);
    report([
      { what: "deno check of an empty script, edited", ms: nothing.edited },
      { what: "deno check of a consumer, edited", ms: netyard.edited },
    ]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Prints rows beside the first of them. */
function report(rows: Measured[]): void {
  const [first] = rows;
  const cells = rows.map(({ what, ms: took, limit }) => [
    what,
    ms(took),
    took === first.ms ? "" : times(took, first.ms),
    limit === undefined ? "" : `${limit.toFixed(1)}x`,
  ]);
  console.log(`${formatTable([["from start to end", "ms", "to empty", "limit"], ...cells])}\n`);
}

/** The medians of some actions, of which each round does every one once; the first round warms up. */
async function inTurns(actions: (() => Promise<void>)[]): Promise<number[]> {
  const took: number[][] = actions.map(() => []);
  for (let round = 0; round <= RUNS; round++) {
    for (const [i, action] of actions.entries()) {
      const ended = await timed(action);
      if (round > 0) took[i].push(ended);
    }
  }
  return took.map(median);
}

/** The type check of a script: with no result of an earlier check, and after one line changed. */
async function checks(
  directory: string,
  source: string,
): Promise<{ cold: number; edited: number }> {
  const cold: number[] = [];
  const edited: number[] = [];
  for (let round = 0; round < CHECKS; round++) {
    const cache = await Deno.makeTempDir({ dir: directory });
    await Deno.symlink(await npmCache(), `${cache}/npm`);
    const script = `${directory}/consumer.ts`;
    const check = () => deno(["check", "-q", ...config, script], { DENO_DIR: cache });
    await Deno.writeTextFile(script, source);
    cold.push(await timed(check));
    await Deno.writeTextFile(script, `${source}\nexport {};\n`);
    edited.push(await timed(check));
  }
  return { cold: median(cold), edited: median(edited) };
}

const config = ["--config", new URL("deno.json", ROOT).pathname];

function run(script: string): () => Promise<void> {
  return () => deno(["run", "-P", ...config, script]);
}

async function timed(action: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

/** Where packages of npm are, which a cold check need not load again. */
async function npmCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).npmCache;
}

async function deno(args: string[], env: Record<string, string> = {}): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    env,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`deno ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
