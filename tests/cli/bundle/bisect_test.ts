import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertFailed } from "../run/real_run.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const CONFIG = ["--no-check", "--config", `${ROOT}deno.json`];

/** A directory with files, and Deno in it. */
async function inSuite(
  files: Record<string, string>,
  act: (suite: Suite) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
    }
    await act(new Suite(directory));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

class Suite {
  readonly failures: string;
  #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.failures = `${directory}/failures`;
  }

  async deno(args: string[], env: Record<string, string> = {}) {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: this.#directory,
      stdin: "null",
      env: {
        NO_COLOR: "1",
        NETYARD_RECORD: "on-failure",
        NETYARD_FAILURES: this.failures,
        NETYARD_FAULTS: "",
        ...env,
      },
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { code, out, err };
  }

  netyard(...args: string[]) {
    return this.deno(["run", "-A", ...CONFIG, `${ROOT}lib/cli/main.ts`, ...args]);
  }

  bundles(): string[] {
    return Array.from(Deno.readDirSync(this.failures), ({ name }) => `${this.failures}/${name}`)
      .filter((name) => !name.endsWith(".zip")).sort();
  }
}

// phone has two uplinks: wlan0 - home, wwan0 - cell. It is cut off when both are down.
const TEST = `
import { labTest } from "@netyard/netyard/testing";
import { assert } from "@std/assert";
labTest("the phone is reachable", async (lab) => {
  const home = await lab.addRouter("home");
  const cell = await lab.addRouter("cell");
  const phone = await lab.addDevice("phone", {
    interfaces: { wlan0: { gateway: home }, wwan0: { gateway: cell } },
  });
  const [wlan0, wwan0] = ["wlan0", "wwan0"].map((name) => ({ node: phone, interface: name }));
  const slow = { latencyMs: 1 };
  await lab.schedule([
    { at: 0, do: { kind: "degrade", ...wlan0, condition: slow }, for: "5ms" },
    { at: 10, do: { kind: "link-down", ...wlan0 } },
    { at: 20, do: { kind: "degrade", ...wwan0, condition: slow } },
    { at: 30, do: { kind: "degrade-downlink", node: home, condition: slow } },
    { at: 40, do: { kind: "link-down", ...wwan0 } },
    { at: 50, do: { kind: "degrade-downlink", node: cell, condition: slow } },
  ]).done;
  console.log("faults", lab.faults.map(({ id }) => id).join());
  const pings = [home, cell].map(async ({ downstreamGateway }) => {
    const args = ["-c", "1", "-w", "20", downstreamGateway];
    assert((await phone.command("ping", { args }).output()).success);
  });
  const reached = await Promise.any(pings).then(() => true, () => false);
  assert(reached, \`no uplink after \${Math.round(performance.now())} ms\`);
});
labTest("without faults", () => { throw new Error("as it should"); });
`;

Deno.test("bisect-faults finds the two of six faults that fail together, and prints them as a schedule", async () => {
  await inSuite({ "suite_test.ts": TEST }, async (suite) => {
    const first = await suite.deno(["test", "-P", ...CONFIG, "suite_test.ts"]);
    assertEquals(first.code, 1, first.out + first.err);
    const bundle = suite.bundles().find((path) => path.endsWith("the-phone-is-reachable"))!;
    assertMatch(
      await Deno.readTextFile(`${bundle}/failure.txt`),
      /^faults:\n {2}s1\.0, \d+ to \d+ ms: \{"kind":"degrade".*\n {2}s1\.1, \d+ ms: .*link-down/m,
    );

    const asked = await suite.netyard("bisect-faults", bundle);
    assertEquals(asked.code, 2);
    assertStringIncludes(asked.err, "netyard bisect-faults runs the command above");

    const { code, out, err } = await suite.netyard("bisect-faults", "--yes", bundle);
    assertEquals(code, 0, out + err);
    assertMatch(out, /^run 1, all 6 faults: failed, with the same error \(.*s\)$/m);
    assertMatch(out, /^run 2, no fault: passed \(.*s\)$/m);
    assertMatch(
      out,
      /^The smallest set of faults that fails so, after \d+ runs: s1\.1, s1\.4$/m,
    );
    const runs = out.match(/^run \d+, /gm)!.length;
    assert(runs <= 20, `${runs} runs`);
    assertStringIncludes(
      out,
      `To run it with them: NETYARD_FAULTS=s1.1,s1.4 netyard replay ${bundle}`,
    );
    assertMatch(
      out,
      /lab\.schedule\(\[\n {2}\{ at: "0ms", do: \{ kind: "link-down", node: "phone", interface: "wlan0" \} \},\n {2}\{ at: "\d+ms", do: \{ kind: "link-down", node: "phone", interface: "wwan0" \} \},\n\]\);/,
    );
    assertEquals(suite.bundles().length, 2, "its own bundles are removed");

    const few = await suite.netyard("bisect-faults", "--yes", "--max-runs", "3", bundle);
    assertEquals(few.code, 1, few.err);
    assertStringIncludes(
      few.out,
      "The search ended after 3 runs (--max-runs).\nUntil then, these are left: ",
    );

    const other = suite.bundles().find((path) => path.endsWith("without-faults"))!;
    const none = await suite.netyard("bisect-faults", "--yes", other);
    assertEquals(none.code, 1);
    assertStringIncludes(none.err, "no fault was injected before the failure");
  });
});

Deno.test("NETYARD_FAULTS says which faults a run injects; others have no effect and no events", async () => {
  await inSuite({ "suite_test.ts": TEST }, async (suite) => {
    const run = (faults: string) =>
      suite.deno(
        ["test", "-P", ...CONFIG, "--filter", "reachable", "suite_test.ts"],
        { NETYARD_FAULTS: faults },
      );
    const one = await run("s1.1, s1.2");
    assertEquals(one.code, 0, one.out);
    assertStringIncludes(one.out, "faults s1.1,s1.2\n");
    const none = await run("none");
    assertEquals(none.code, 0, none.out);
    assertStringIncludes(none.out, "faults \n");
    const both = await run("s1.1,s1.4");
    assertEquals(both.code, 1);
    const [bundle] = suite.bundles();
    const { schedule, onlyFaults } = JSON.parse(await Deno.readTextFile(`${bundle}/bundle.json`));
    assertEquals(schedule.map(({ id }: { id: string }) => id), ["s1.1", "s1.4"]);
    assertEquals(onlyFaults, ["s1.1", "s1.4"]);
    // A replay has the same restriction.
    const again = await suite.netyard("replay", "--yes", bundle);
    assertEquals([again.code, again.out.match(/^faults .*$/m)?.[0]], [1, "faults s1.1,s1.4"]);
    const wrong = await run("f1;rm");
    assertEquals(wrong.code, 1);
    assertStringIncludes(wrong.out, 'NETYARD_FAULTS is "f1;rm", but must be IDs of faults');
  });
});

const SIMULATION = `
[sim]
name = "call"

[[router]]
name = "home"

[device.phone.eth0]
gateway = "home"

[device.phone.eth1]
gateway = "home"

[[step]]
action = "set-link-condition"
id = "slow"
device = "phone"
condition = { latency_ms = 1 }

[[step]]
action = "link-down"
id = "first"
device = "phone"
interface = "eth0"

[[step]]
action = "flush-nat"
router = "home"

[[step]]
action = "link-down"
id = "second"
device = "phone"
interface = "eth1"

[[step]]
action = "run"
id = "check"
device = "phone"
cmd = ["sh", "-c", "ip -br link show up | grep eth"]

[[step]]
action = "link-up"
device = "phone"
interface = "eth0"
`;

Deno.test("bisect-faults of a simulation prints the steps that make it fail", async () => {
  await inSuite({ "call.toml": SIMULATION }, async (suite) => {
    const first = await suite.netyard("run", "call.toml");
    assertFailed(first.code, first.out);
    const [bundle] = suite.bundles();
    const { code, out, err } = await suite.netyard("bisect-faults", "--yes", bundle);
    assertEquals(code, 0, out + err);
    assertMatch(out, /^run 2, no fault: passed/m);
    assertStringIncludes(
      out,
      `
[[step]]
action = "link-down"
id = "first"
device = "phone"
interface = "eth0"

[[step]]
action = "link-down"
id = "second"
device = "phone"
interface = "eth1"
`,
    );
  });
});
