import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readRun } from "@netyard/netyard";
import { unzipSync } from "fflate";
import type { BundleInfo } from "../../lib/bundle/bundle_info.ts";
import { plainFiles } from "../../lib/bundle/zip_directory.ts";
import { failureText } from "../../lib/sim/report/report.ts";
import type { RunInfo } from "../../lib/record/run_info.ts";
import { busyHost, cpuWaitUs } from "../record/kit.ts";
import { PAIR, run, sh, simulation, spawn } from "./kit.ts";

const TOML = Array.from({ length: 40 }, (_, i) => `# line ${i + 1}`).join("\n");

/** Runs a simulation of a file in a directory of its own. */
async function inFile(
  act: (file: string, failures: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const file = `${directory}/call.toml`;
    await Deno.writeTextFile(file, TOML);
    await act(file, `${directory}/failures`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function names(directory: string): Promise<string[]> {
  return await Array.fromAsync(Deno.readDir(directory), ({ name }) => name).then(
    (all) => all.sort(),
    () => [],
  );
}

// client - home(NAT) - ix - dc - server
Deno.test("a simulation that fails leaves a bundle, with the step in its file and the network at that moment", async () => {
  await inFile(async (file, failures) => {
    const origin = (line: number) => ({ where: `${file}:${line}`, directory: "." });
    const what = simulation(
      [
        spawn("exec sleep 60", { device: "server", id: "listen", origin: origin(8) }),
        {
          action: "set-link-condition" as const,
          id: "slow",
          device: "client",
          condition: { latencyMs: 5 },
          origin: origin(12),
        },
        sh("echo no route >&2; exit 3", { device: "client", id: "call", origin: origin(20) }),
        sh("true", { device: "client" }),
      ],
      { name: "call-home", file, topology: PAIR, variant: { nat: "home" } },
    );
    await run(what, async ({ status, failure, seed, verdict }, directory) => {
      assertEquals([status, failure!.id], ["failed", "call"], failure!.message);
      assert(verdict !== undefined);
      const [name, zip, ...others] = await names(failures);
      assertEquals([others, zip], [[], `${name}.zip`]);
      assertMatch(name, /^\d{8}-\d{6}-\d{3}-call-home$/);
      const bundle = `${failures}/${name}`;
      assertEquals(failure!.bundle, bundle);
      assertStringIncludes(failureText(failure!), `to see it: netyard show ${bundle}`);

      const files = await plainFiles(bundle);
      assertEquals(Object.keys(unzipSync(await Deno.readFile(`${bundle}.zip`))), files);
      for (const file of ["failure.txt", "topology.svg", "run/events.jsonl", "run/sim.json"]) {
        assert(files.includes(file), `${files}`);
      }
      assertEquals(
        await Deno.readTextFile(`${bundle}/run/nodes/client/stderr.log`),
        "no route\n",
      );

      const info: BundleInfo = JSON.parse(await Deno.readTextFile(`${bundle}/bundle.json`));
      assertEquals(info.failed, { kind: "simulation", name: "call-home", file });
      assertEquals([info.seed, info.running], [seed, { server: [["sh", "-c", "exec sleep 60"]] }]);
      assertEquals([info.error.source!.file, info.error.source!.line], [file, 20]);
      assertEquals(info.error.source!.lines[6], [20, "# line 20"]);
      assertEquals(info.simulation, {
        step: "step 3 of 4: run call in client",
        where: `${file}:20`,
        variant: { nat: "home" },
        command: ["sh", "-c", "echo no route >&2; exit 3"],
        stderr: ["no route"],
        line: ["netyard", "run"],
      });
      const text = await Deno.readTextFile(`${bundle}/failure.txt`);
      assertMatch(text, /^in step 3 of 4: run call in client$/m);
      assertMatch(text, /^> 20 \| # line 20$/m);
      assertStringIncludes(await Deno.readTextFile(`${bundle}/topology.svg`), "5 ms");

      const { events } = await readRun(`${bundle}/run`);
      assert(events.some((event) => event.kind === "custom" && event.name === "simulation-failed"));
      assertEquals(events.at(-1)!.kind, "lab-closed");
      // What the run itself keeps says the same.
      const kept: RunInfo = JSON.parse(await Deno.readTextFile(`${directory}/run.json`));
      assertEquals([kept.status, kept.error!.source!.line], ["failed", 20]);
    }, { record: "on-failure", failures, command: ["netyard", "run"] });
  });
});

Deno.test("simulations that pass, are interrupted, or did not ask for it leave no bundle", async () => {
  await inFile(async (file, failures) => {
    const passing = simulation([sh("true")], { file });
    await run(passing, async ({ status, failure }) => {
      assertEquals([status, failure], ["passed", undefined]);
      assertEquals(await names(failures), []);
    }, { record: "on-failure", failures });
    const failing = simulation([sh("exit 1")], { file });
    await run(failing, async ({ status, failure }, directory) => {
      assertEquals([status, failure!.bundle, await names(failures)], ["failed", undefined, []]);
      const kept: RunInfo = JSON.parse(await Deno.readTextFile(`${directory}/run.json`));
      assertEquals([kept.status, kept.record.level], ["failed", "events"]);
    }, { record: "events", failures });
    const interrupt = new AbortController();
    await run(simulation([sh("echo on it; exec sleep 60")], { file }), async ({ status }) => {
      assertEquals([status, await names(failures)], ["interrupted", []]);
    }, {
      record: "on-failure",
      failures,
      signal: interrupt.signal,
      onLine: () => interrupt.abort(),
    });
  });
});

Deno.test("a time limit leaves a bundle; a network that is refused leaves none, as nothing ran", async () => {
  await inFile(async (file, failures) => {
    const context = { record: "on-failure", failures, timeoutMs: 500 } as const;
    await run(simulation([sh("sleep 60")], { file }), async ({ status, failure }) => {
      assertEquals(status, "timed-out");
      assertEquals((await names(failures)).length, 2);
      assert(failure!.bundle!.startsWith(failures));
    }, context);
    const refused = simulation([], {
      file,
      topology: { devices: { box: { interfaces: { eth0: { gateway: "nowhere" } } } } },
    });
    await run(refused, async ({ status, failure, warnings }) => {
      assertEquals([status, failure!.bundle, warnings], ["failed", undefined, []]);
      assertEquals((await names(failures)).length, 2);
    }, { record: "on-failure", failures });
  });
});

Deno.test("without a directory for its record the failure stays what it is, with a warning", async () => {
  await run(simulation([sh("exit 1")]), ({ failure, warnings }) => {
    assertStringIncludes(failure!.message, "exit code 1");
    assertMatch(
      warnings.join(),
      /^no record of this failure could be kept: .*; make its directory/,
    );
  }, { record: "on-failure", failures: "/proc/failures" });
});

Deno.test({
  name:
    "a simulation that fails beside busy programs is inconclusive, in its results and its bundle",
  // Kernels without pressure, or with it switched off, report nothing to judge by.
  ignore: cpuWaitUs() === undefined,
  async fn() {
    await using _busy = await busyHost();
    await inFile(async (file, failures) => {
      // Long enough for a verdict on it.
      const what = simulation([sh("sleep 3; exit 1")], { file });
      await run(what, async ({ status, verdict, failure }, directory) => {
        assertEquals([status, verdict?.kind], ["failed", "inconclusive"]);
        assert(verdict!.reasons.length > 0);
        const kept: RunInfo = JSON.parse(await Deno.readTextFile(`${directory}/run.json`));
        assertEquals(kept.verdict.kind, "inconclusive");
        const text = await Deno.readTextFile(`${failure!.bundle}/failure.txt`);
        assertStringIncludes(text, "the host was too slow to tell why:");
      }, { record: "on-failure", failures });
    });
  },
});
