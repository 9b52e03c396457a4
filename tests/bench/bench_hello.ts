/**
 * What it costs to start: a script that only imports Netyard, and the demo, beside an empty script of
 * the same run.
 */
import { formatTable, median, ms, times } from "./stats.ts";

const ROOT = new URL("../../", import.meta.url);
const RUNS = 9;

/** A script that does nothing but import Netyard. */
const IMPORT = `import "@netyard/netyard";\n`;

interface Measured {
  what: string;
  ms: number;
  /** The limit, as a multiple of an empty script's time. */
  limit?: number;
}

/**
 * Prints how long scripts take from the start of their process to its end.
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

const config = ["--config", new URL("deno.json", ROOT).pathname];

function run(script: string): () => Promise<void> {
  return () => deno(["run", "-P", ...config, script]);
}

async function timed(action: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

async function deno(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`deno ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
