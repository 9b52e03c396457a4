import { assert, assertEquals, assertGreater } from "@std/assert";
import type { RunSummary } from "../lib/sim/types/run_types.ts";

const ROOT = new URL("../", import.meta.url);
const TIMEOUT_MS = 120_000;

/** What a simulation gave, by the step and the name of each capture. */
type Values = Record<string, string>;

const number = (values: Values, name: string) => {
  assert(name in values, `there is no ${name} in ${Deno.inspect(values)}`);
  return Number(values[name]);
};

function assertBetween(value: number, least: number, most: number): void {
  assert(value >= least && value <= most, `${value} is not between ${least} and ${most}`);
}

/** What each example must have measured, by the names of its simulations. */
const EXAMPLES: Record<string, Record<string, (values: Values) => void>> = {
  "iperf_baseline.toml": {
    "iperf-baseline": (values) => assertBetween(number(values, "client.seconds"), 1.5, 5),
  },
  "ping_latency.toml": {
    "ping-latency": (values) => assertBetween(number(values, "ping.min_rtt"), 79.9, 130),
  },
  "conditions_matrix.toml": {
    "rtt-lan": (values) => assertBetween(number(values, "ping.avg_rtt"), 0, 30),
    "rtt-wifi": (values) => assertBetween(number(values, "ping.avg_rtt"), 5.9, 60),
    "rtt-mobile-4g": (values) => assertBetween(number(values, "ping.avg_rtt"), 33.9, 120),
    "rtt-satellite": (values) => assertBetween(number(values, "ping.avg_rtt"), 65.9, 160),
  },
  "nat_switch.toml": {
    "nat-switch"(values) {
      assertEquals(values["phone.bytes"], "4000000");
      assertGreater(number(values, "phone.connections"), 1);
    },
  },
  "template_group.toml": {
    "template-group"(values) {
      for (const i of [0, 1, 2]) {
        assert(number(values, `near-${i}.median_ms`) < number(values, `far-${i}.median_ms`));
      }
    },
  },
  "program_under_test.toml": {
    "program-under-test"(values) {
      assertEquals([values["good.lost"], values["cut.lost"], values["healed.lost"]], [
        "0",
        "2",
        "0",
      ]);
    },
  },
};

/** Runs a simulation file by the command, and gives its summary and where its outputs are. */
async function run(
  file: string,
  check: (summary: RunSummary) => void | Promise<void>,
): Promise<void> {
  const workDir = await Deno.makeTempDir();
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "lib/cli/main.ts", "run", file, "--work-dir", workDir, "--json"],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).output();
    const said = new TextDecoder().decode(stderr);
    assertEquals(code, 0, `exit code ${code}\n${said}`);
    await check(JSON.parse(new TextDecoder().decode(stdout)));
  } finally {
    await Deno.remove(workDir, { recursive: true });
  }
}

Deno.test("each example has an expected measurement", () => {
  const files = [...Deno.readDirSync(new URL("examples/sims/", ROOT))]
    .map(({ name }) => name).filter((name) => name.endsWith(".toml") && name !== "defaults.toml");
  assertEquals(files.sort(), Object.keys(EXAMPLES).sort());
});

for (const [file, simulations] of Object.entries(EXAMPLES)) {
  Deno.test(`examples/sims/${file} passes, and measures what it is about`, async () => {
    const path = `examples/sims/${file}`;
    const guide = (await Deno.readTextFile(new URL(path, ROOT))).includes(`netyard run ${path}`);
    assert(guide || file === "defaults.toml", "it says how to run it");
    await run(path, ({ outcomes }) => {
      assertEquals(outcomes.map(({ name }) => name).sort(), Object.keys(simulations).sort());
      for (const { name, captures } of outcomes) simulations[name](captures);
    });
  });
}

Deno.test("a ping with a captured latency, in the older form, has its outputs", async () => {
  await run("tests/fixtures/sims/ping-latency.toml", async ({ outcomes, directory }) => {
    assertEquals(outcomes.map(({ status }) => status), ["passed"]);
    // The three of ping(8), of which the first may wait for ARP.
    assertBetween(Number(outcomes[0].captures["ping-check.avg_rtt"]), 199.9, 400);
    const { sim, steps } = JSON.parse(
      await Deno.readTextFile(`${directory}/ping-latency/results.json`),
    );
    assertEquals([sim, steps.length, steps[0].id], ["ping-latency", 1, "ping-check"]);
    assertEquals(steps[0].latency_ms, outcomes[0].captures["ping-check.avg_rtt"]);
    const log = await Deno.readTextFile(`${directory}/ping-latency/nodes/sender/stdout.log`);
    assert(log.includes("3 packets transmitted, 3 received"), log);
    assert((await Deno.readTextFile(`${directory}/combined-results.md`)).includes("ping-latency"));
    assertEquals(
      (await Deno.readTextFile(`${directory}/../latest/manifest.json`)).length > 0,
      true,
    );
  });
});

Deno.test("iperf3 for ten seconds, in the older form, has its throughput", async () => {
  await run("tests/fixtures/sims/iperf-baseline.toml", ({ outcomes }) => {
    const [{ results: [row], captures }] = outcomes;
    assertBetween(Number(row.duration), 9, 15);
    assertGreater(Number(row.down_bytes), 1e6);
    assertEquals(row.down_bytes, captures["iperf-run.bytes"]);
  });
});
