/** What the runner of simulations costs, beside a shell script of the same commands. */
import { formatTable, median, ms } from "./stats.ts";

const ROUNDS = 5;
const VARIANTS = 64;
/** Of ndjson: enough to last a second and more. */
const MEGABYTES = 64;

const here = new URL(".", import.meta.url);
const cli = new URL("../../lib/cli/main.ts", here).pathname;
const config = new URL("../../deno.json", here).pathname;

const TOPOLOGY = `
[[router]]
name = "dc"
[device.a.eth0]
gateway = "dc"
[device.b.eth0]
gateway = "dc"
`;

const PING = ["ping", "-c", "1"];

const ONE = `[sim]
name = "two-nodes"
${TOPOLOGY}
[[step]]
device = "a"
cmd = ${JSON.stringify([...PING, "$NETYARD_IP_B"])}
`;

const MANY = `[matrix]
n = [${Array.from({ length: VARIANTS }, (_, i) => `"${i}"`)}]
[sim]
name = "empty-\${matrix.n}"
${TOPOLOGY}`;

const LINE = JSON.stringify({ kind: "sample", n: 12345678, text: "x".repeat(60) });
const LINES = Math.floor(MEGABYTES * 1e6 / (LINE.length + 1));
const PRINT = ["sh", "-c", `yes '${LINE}' | head -n ${LINES}`];

const NDJSON = `[sim]
name = "ndjson"
${TOPOLOGY}
[[step]]
id = "many"
device = "a"
parser = "ndjson"
cmd = ${JSON.stringify(PRINT)}
captures.n = { match = { kind = "sample" }, pick = ".n" }
[[step]]
action = "assert"
check = "many.n == 12345678"
`;

/** Runs to the end, which must be a good one, and says how long that took. */
async function took(program: string, args: string[]): Promise<number> {
  const started = performance.now();
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const elapsed = performance.now() - started;
  if (code !== 0) {
    const text = new TextDecoder();
    throw new Error(`${program} ${args.join(" ")}: ${text.decode(stdout)}${text.decode(stderr)}`);
  }
  return elapsed;
}

/** Times of both, one of each in turn: the host is not as fast at all times. */
async function inTurn(
  rounds: number,
  own: () => Promise<number>,
  baseline: () => Promise<number>,
): Promise<[own: number, baseline: number]> {
  const all: [number[], number[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    all[0].push(await own());
    all[1].push(await baseline());
  }
  return [median(all[0]), median(all[1])];
}

/** Prints what simulations cost beyond what they run. */
export async function benchSims(): Promise<void> {
  const directory = await Deno.makeTempDir();
  const netyard = async (name: string, text: string, ...options: string[]) => {
    const file = `${directory}/${name}.toml`;
    await Deno.writeTextFile(file, text);
    const args = ["run", "-A", "--config", config, cli, "run", file];
    return await took(Deno.execPath(), [...args, "--work-dir", `${directory}/work`, ...options]);
  };
  const script = (count: number, ...command: string[]) => {
    const file = new URL("two_nodes.sh", here).pathname;
    const args = ["--net", "--mount", "--propagation", "private", "sh", file, String(count)];
    return took("unshare", [...args, ...command]);
  };
  const rows = [["simulations", "median", "limit", "shell script", "ratio"]];
  const row = (what: string, unit: string, limit: string, [own, other]: number[]) =>
    rows.push([
      what,
      `${ms(own)} ${unit}`,
      limit,
      `${ms(other)} ${unit}`,
      (own / other).toFixed(2),
    ]);
  try {
    await netyard("one", ONE); // fills what caches there are
    const alone = await took("ping", ["-c", "1", "127.0.0.1"]);
    row(
      "2 nodes, one ping",
      "ms",
      `${ms(alone + 500)} ms`,
      await inTurn(ROUNDS, () => netyard("one", ONE), () => script(1, ...PING, "10.0.0.3")),
    );
    row(
      `${VARIANTS} empty variants, --jobs 2`,
      "ms",
      "30000 ms",
      await inTurn(3, () => netyard("many", MANY, "--jobs", "2"), () => script(VARIANTS)),
    );
    const [own, other] = await inTurn(
      3,
      () => netyard("ndjson", NDJSON),
      // What a script would do to the same lines: find those that match, and keep the last.
      () => took("sh", ["-c", `${PRINT[2]} | grep '"kind":"sample"' | tail -n 1`]),
    );
    const rate = (elapsed: number) => MEGABYTES / (elapsed / 1000);
    row("ndjson captured", "MB/s", "10 MB/s", [rate(own), rate(other)]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  console.log(`${formatTable(rows)}\n`);
}
