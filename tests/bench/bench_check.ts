/**
 * What it costs to check the types of a script that imports Netyard: from a checkout, where all code
 * of Netyard is checked too, and from a registry as JSR is one, where only its types are read. Each
 * is beside an empty script of the same run.
 */
import { serveNetyard } from "./registry.ts";
import { formatTable, median, times } from "./stats.ts";

const ROOT = new URL("../../", import.meta.url);
const ROUNDS = 3;

/** A script of a user who has just begun. */
const CONSUMER =
  `import { Lab } from "@netyard/netyard";\n\nawait using lab = await Lab.create();\n` +
  `console.log((await lab.addRouter("dc")).uplinkIp);\n`;

interface Subject {
  what: string;
  source: string;
  /** The file that says what the names of imports stand for. */
  config: string;
  /** The limits, as multiples of an empty script's time. */
  limits?: { cold: number; edited: number };
}

/** The time that the processors spent on a check, in seconds. */
interface Cost {
  /** With no result of an earlier check; all modules are there. */
  cold: number;
  /** After one line of the script changed. */
  edited: number;
}

/**
 * Prints the processor time of type checks. Scripts are checked in turns, so that all of them meet
 * the same load of the machine.
 */
export async function benchCheck(): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "netyard-bench-" });
  try {
    await using registry = await serveNetyard();
    const { name, version, compilerOptions } = JSON.parse(
      await Deno.readTextFile(new URL("deno.json", ROOT)),
    );
    const ofRegistry = `${directory}/deno.json`;
    // With the options of the checkout, so that all have the same types of the platform.
    const imports = { [name]: `jsr:${name}@${version}` };
    await Deno.writeTextFile(ofRegistry, JSON.stringify({ imports, compilerOptions }));
    const subjects: Subject[] = [
      { what: "an empty script", source: "", config: ofRegistry },
      {
        what: "a consumer of the registry",
        source: CONSUMER,
        config: ofRegistry,
        limits: { cold: 2, edited: 2 },
      },
      {
        what: "a consumer of the checkout",
        source: CONSUMER,
        config: new URL("deno.json", ROOT).pathname,
      },
    ];
    const costs = subjects.map((): Cost[] => []);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, subject] of subjects.entries()) {
        costs[i].push(await check(directory, subject, registry.url));
      }
    }
    report(subjects, costs);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Checks a script in a cache of its own, which has modules and no results. */
async function check(directory: string, subject: Subject, registry: string): Promise<Cost> {
  const cache = await Deno.makeTempDir({ dir: directory });
  await Deno.symlink(await npmCache(), `${cache}/npm`);
  const script = `${directory}/script.ts`;
  const env = { DENO_DIR: cache, JSR_URL: registry };
  const run = (command: string) =>
    deno([command, "-q", "--no-lock", "--config", subject.config, script], env);
  await Deno.writeTextFile(script, subject.source);
  await run("cache");
  const cold = await processorTime(() => run("check"));
  await Deno.writeTextFile(script, `${subject.source}\nexport {};\n`);
  return { cold, edited: await processorTime(() => run("check")) };
}

/** Prints a table for each kind of check, each row beside the first. */
function report(subjects: Subject[], costs: Cost[][]): void {
  for (const kind of ["cold", "edited"] as const) {
    const took = costs.map((each) => median(each.map((cost) => cost[kind])));
    const cells = subjects.map(({ what, limits }, i) => [
      what,
      took[i].toFixed(2),
      i === 0 ? "" : times(took[i], took[0]),
      limits ? `${limits[kind].toFixed(1)}x` : "",
    ]);
    const heading = [`deno check, ${kind}`, "s of CPU", "to empty", "limit"];
    console.log(`${formatTable([heading, ...cells])}\n`);
  }
}

/** The processor time of the processes that an action starts and waits for, in seconds. */
async function processorTime(action: () => Promise<void>): Promise<number> {
  const before = await ticksOfChildren();
  await action();
  return (await ticksOfChildren() - before) / TICKS_PER_SECOND;
}

/** The unit of proc_pid_stat(5), which is the same on all Linux of today. */
const TICKS_PER_SECOND = 100;

async function ticksOfChildren(): Promise<number> {
  const stat = await Deno.readTextFile("/proc/self/stat");
  // After the name in brackets, which may have spaces, the third field follows.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [fields[16 - 3], fields[17 - 3]];
  return Number(user) + Number(system);
}

/** Where packages of npm are, which need not be loaded again. */
async function npmCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).npmCache;
}

async function deno(args: string[], env: Record<string, string>): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    env,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`deno ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
