import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { SimulationTools } from "../../../lib/cli/run/simulation_tools.ts";
import type { RunSummary } from "../../../lib/sim/types/run_types.ts";
import { NetyardError } from "../../../native/error.ts";
import { called, fakeTools, inDirectory, outcome, runCommandBy, simulation } from "../kit.ts";

const GOOD = ["ping", "nat-home", "nat-cgnat"].map((name) => simulation(name));
const ALL = [...GOOD, simulation("bad")];

/** Runs `netyard run sims` with fake tools, with the results in a temporary directory. */
function ran<T>(
  tools: SimulationTools,
  args: string[],
  look: (result: Awaited<ReturnType<typeof called>> & { directory: string }) => T | Promise<T>,
): Promise<T> {
  return inDirectory(async (directory) =>
    look({
      ...await called([runCommandBy(tools)], "run", "sims", "--work-dir", directory, ...args),
      directory,
    })
  );
}

const times = (text: string) => text.replace(/\d+(\.\d+)? m?s\b/g, "<time>");

Deno.test("a run in a log has a line for each start and end, and one with the totals", async () => {
  await ran(fakeTools(GOOD), [], ({ code, stdout, stderr, directory }) => {
    assertEquals([code, stderr], [0, ""]);
    assertEquals(
      times(stdout),
      `started ping
passed ping after <time> (1/3)
started nat-home
passed nat-home after <time> (2/3)
started nat-cgnat
passed nat-cgnat after <time> (3/3)
3 passed in <time>; results in ${directory}/latest
`,
    );
  });
});

Deno.test("a failure shows its step, command, standard error and logs, and is exit code 1", async () => {
  await ran(fakeTools(ALL), ["-j2"], async ({ code, stdout, directory }) => {
    assertEquals(code, 1);
    const run = await Deno.readLink(join(directory, "latest"));
    assertStringIncludes(
      stdout,
      `

✗ bad failed after 1.5 s
    step 2: run fetch in laptop (sims/bad.toml:8)
    curl ended with exit code 7
    it must be 0
    command: curl -s 'http://10.0.0.2/a b' (exit code 7)
    its last lines on the standard error:
      | curl: (7) Failed to connect
    logs:
`,
    );
    assertMatch(stdout, new RegExp(`^ {6}${directory}/${run}/bad/nodes/laptop/stderr\\.log$`, "m"));
    assertMatch(stdout, /^3 passed, 1 failed in .*s; results in \S+\/latest\n$/m);
  });
});

Deno.test("results are a table, with a row for each step of one simulation, or for each simulation", async () => {
  const runner: SimulationTools["runner"] = (each) =>
    Promise.resolve(outcome(each, {
      warnings: ["it was slow"],
      results: [
        { id: "get", duration: "2.0", up_bytes: null, down_bytes: "4000000", latency_ms: null },
      ],
    }));
  await ran(fakeTools(GOOD.slice(0, 1), { runner }), [], ({ stdout }) => {
    assertStringIncludes(stdout, "\nstep  duration s  down bytes  down MB/s\nget ");
    assertStringIncludes(stdout, "\nwarning: ping: it was slow\n");
  });
  await ran(fakeTools(GOOD, { runner }), [], ({ stdout }) => {
    assertMatch(stdout, /^simulation +status +time +results +max down MB\/s$/m);
    assertMatch(stdout, /^nat-cgnat +passed +1\.5 s +1 +2\.00$/m);
  });
});

Deno.test("with --json, the standard output is the summary and nothing else", async () => {
  await ran(fakeTools(ALL), ["--json", "--verbose"], ({ code, stdout, stderr }) => {
    assertEquals(code, 1);
    const { status, passed, failed, simulations } = JSON.parse(stdout) as RunSummary;
    assertEquals([status, passed, failed, simulations.length], ["failed", 3, 1, 4]);
    assertStringIncludes(stderr, "started ping\nping laptop | hello from ping\n");
    assertStringIncludes(stderr, "3 passed, 1 failed");
  });
});

Deno.test("--filter selects by a part of the name or by a regular expression", async () => {
  const names = async (...args: string[]) => {
    const { code, stdout } = await called([runCommandBy(fakeTools(ALL))], "run", "x", ...args);
    assertEquals(code, 0);
    return stdout;
  };
  assertEquals(
    await names("--dry-run", "--filter", "nat-"),
    `nat-home: 2 steps of sims/nat-home.toml
nat-cgnat: 2 steps of sims/nat-cgnat.toml
2 simulations would run
`,
  );
  const json = await names("--dry-run", "--json", "--filter=/^(BAD|ping)$/gi");
  assertEquals(JSON.parse(json).map(({ name }: { name: string }) => name), ["ping", "bad"]);
  for (
    const [filter, message] of [
      ["nta", "no simulation matches --filter nta; the simulations are:\n  ping\n  nat-home\n"],
      ["/(/", 'netyard run: --filter is "/(/", but must be a regular expression: '],
    ]
  ) {
    const refused = await called([runCommandBy(fakeTools(ALL))], "run", "x", "--filter", filter);
    assertEquals([refused.code, refused.stdout], [2, ""]);
    assertStringIncludes(refused.stderr, message);
  }
});

Deno.test("--shard runs a part, and records the names of all simulations", async () => {
  await ran(fakeTools(GOOD), ["--shard", "2/2"], async ({ code, stdout, directory }) => {
    assertEquals(code, 0);
    assertEquals(stdout.match(/^started .*$/gm), ["started nat-home"]);
    const manifest = JSON.parse(await Deno.readTextFile(join(directory, "latest/manifest.json")));
    assertEquals(manifest.shard, { index: 2, count: 2 });
    assertEquals(manifest.planned, ["ping", "nat-home", "nat-cgnat"]);
    const line = ["netyard", "run", "sims", "--work-dir", directory, "--shard", "2/2"];
    assertEquals(manifest.command, line);
  });
});

Deno.test("wrong input is refused with exit code 2 before anything starts", async () => {
  const started: string[] = [];
  const tools = fakeTools(ALL, {
    resolve: () => {
      started.push("resolve");
      return Promise.resolve(new Map());
    },
  });
  for (
    const [args, message] of [
      [["--jobs", "0"], '--jobs is "0", but must be a whole number, at least 1'],
      [["--timeout", "soon"], '--timeout is "soon", but must be a time such as 90s or 5m'],
      [["--timeout", "0s"], '--timeout is "0s"'],
      [["--shard", "3/2"], "there is no shard 3/2"],
      [["--seed", "4294967296"], "must be a whole number, from 0 to 4294967295"],
      [["--color", "--no-color"], "--color and --no-color contradict each other"],
    ] as [string[], string][]
  ) {
    const { code, stdout, stderr } = await called([runCommandBy(tools)], "run", "x", ...args);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, message);
  }
  assertEquals(started, []);
});

Deno.test("options reach the programs and the simulations", async () => {
  const told: unknown[] = [];
  const tools = fakeTools(GOOD.slice(0, 1), {
    check: (_, binaryOptions) => Promise.resolve(void told.push(binaryOptions)),
    resolve: ([one], { overrides, onProgress }) => {
      onProgress("building relay");
      return Promise.resolve(new Map([[one, new Map([["relay", overrides[0]]])]]));
    },
    runner: (each, { seed, timeoutMs, binaries }) => {
      told.push({ seed, timeoutMs, relay: binaries.get("relay") });
      return Promise.resolve(outcome(each));
    },
  });
  const args = ["--binary", "relay:path:x", "--no-build", "--seed=7", "--timeout", "1.5s"];
  await ran(tools, args, ({ code, stderr }) => {
    assertEquals([code, stderr], [0, "building relay\n"]);
  });
  assertEquals(told, [
    { overrides: ["relay:path:x"], noBuild: true },
    { seed: 7, timeoutMs: 1_500, relay: "relay:path:x" },
  ]);
});

Deno.test("a host that cannot build labs is exit code 1, with what it lacks", async () => {
  const requireLab = () => {
    throw new NetyardError("this host lacks nftables: install it");
  };
  await ran(fakeTools(GOOD, { requireLab }), [], ({ code, stdout, stderr }) => {
    assertEquals({ code, stdout, stderr }, {
      code: 1,
      stdout: "",
      stderr: "this host lacks nftables: install it\n",
    });
  });
});

Deno.test("a user who is not root gets the programs first, and keeps them when he becomes root", async () => {
  const [one] = GOOD;
  const relay = new Map([[one, new Map([["relay", "/opt/relay"]])]]);
  const added: string[] = [];
  class Replaced extends Error {}
  const before = fakeTools([one], {
    capable: () => false,
    resolve: () => Promise.resolve(relay),
    becomeRoot: (environment) => {
      added.push(...environment);
      throw new Replaced();
    },
  });
  await ran(before, [], ({ code }) => assertEquals(code, 70));
  const [variable, file] = added[0].split("=");
  const told: unknown[] = [];
  const after = fakeTools([one], {
    environment: (name) => name === variable ? file : undefined,
    resolve: () => Promise.reject(new Error("there is no network")),
    runner: (each, { binaries }) => {
      told.push(binaries.get("relay"));
      return Promise.resolve(outcome(each));
    },
  });
  await ran(after, [], ({ code }) => assertEquals(code, 0));
  assertEquals(told, ["/opt/relay"]);
  assertEquals(await Deno.stat(file).catch(() => "gone"), "gone");
});

Deno.test("FORCE_COLOR, NO_COLOR and the options decide on colours", async () => {
  const colored = async (variables: Record<string, string>, ...args: string[]) => {
    const environment = (name: string) => variables[name];
    let text = "";
    await ran(fakeTools(GOOD, { environment }), args, ({ stdout }) => text = stdout);
    return text.includes("\x1b[32m3 passed");
  };
  assertEquals(await colored({}), false);
  assertEquals(await colored({}, "--color"), true);
  assertEquals(await colored({ FORCE_COLOR: "1" }), true);
  assertEquals(await colored({ FORCE_COLOR: "1" }, "--no-color"), false);
  assertEquals(await colored({ FORCE_COLOR: "0", NO_COLOR: "" }), false);
  assertEquals(await colored({ NO_COLOR: "1" }, "--color"), true);
});

Deno.test("a failure that left a record says where it is, and what takes it", async () => {
  const runner: SimulationTools["runner"] = (each, { record, failures }) => {
    assertEquals(record, "on-failure");
    return Promise.resolve(outcome(each, {
      status: "failed",
      failure: { message: "no answer", stderr: [], logs: [], bundle: `${failures}/my bad` },
    }));
  };
  const args = ["--record", "on-failure"];
  await ran(fakeTools([simulation("bad")], { runner }), args, ({ stdout, directory }) => {
    const bundle = `${directory}/failures/my bad`;
    assertStringIncludes(
      stdout,
      `    record: ${bundle} (and .zip)
    to see it: netyard show '${bundle}'
    to run it again: netyard replay '${bundle}'
`,
    );
  });
  await ran(fakeTools(GOOD), ["--record", "always"], ({ code, stderr }) => {
    assertEquals(code, 2);
    assertStringIncludes(stderr, "--record");
    assertStringIncludes(stderr, "must be one of off, events, full, on-failure");
  });
});

Deno.test("failures on a slow host alone are exit code 75, with the reasons, and are repeated if asked", async () => {
  let attempts = 0;
  const runner: SimulationTools["runner"] = (each) => {
    const isBad = each.name === "bad";
    if (isBad) attempts++;
    return Promise.resolve(outcome(each, {
      status: isBad || each.name === "slow" ? "failed" : "passed",
      verdict: isBad
        ? { kind: "inconclusive", reasons: ["packets left 30 ms late"] }
        : { kind: "ok", reasons: [] },
      ...isBad && { failure: { message: "no answer", stderr: [], logs: [] } },
    }));
  };
  const sims = [...GOOD, simulation("bad")];
  await ran(fakeTools(sims, { runner }), ["--retries", "1"], ({ code, stdout }) => {
    assertEquals([code, attempts], [75, 2]);
    assertStringIncludes(stdout, "in attempt 1, and runs again: packets left 30 ms late\n");
    assertStringIncludes(stdout, "failed (inconclusive) bad after");
    assertStringIncludes(
      stdout,
      `    inconclusive: this host was too slow to tell why:
      - packets left 30 ms late
`,
    );
    assertStringIncludes(stdout, "3 passed, 1 failed (inconclusive) in");
  });
  await ran(fakeTools([...sims, simulation("slow")], { runner }), [], ({ code }) => {
    assertEquals(code, 1, "one that failed on its own counts");
  });
});
