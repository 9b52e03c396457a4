import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readRun } from "@netyard/netyard";
import { unzipSync } from "fflate";
import { Conversations, readCapture, summarise } from "../../lib/packets/mod.ts";
import type { BundleInfo } from "../../lib/bundle/bundle_info.ts";
import { plainFiles } from "../../lib/bundle/zip_directory.ts";

const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

interface Suite {
  /** What `deno test` printed, and how it ended. */
  output: string;
  code: number;
  /** The directory of the suite. */
  directory: string;
  /** The names of the bundles in a directory, by default the usual one. */
  bundles(directory?: string): string[];
}

/** Runs a suite in a directory of its own. */
async function suite(
  tests: string,
  check: (suite: Suite) => void | Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const script = `
      import { labTest } from "@netyard/netyard/testing";
      import { assertEquals } from "@std/assert";
      ${tests}`;
    await Deno.writeTextFile(`${directory}/suite_test.ts`, script);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-P", "--no-check", "--config", CONFIG, "suite_test.ts"],
      env: { NO_COLOR: "1", NETYARD_RECORD: "", ...env },
      cwd: directory,
    }).output();
    const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    const bundles = (path = `${directory}/.netyard-work/failures`) => {
      try {
        return Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
      } catch {
        return [];
      }
    };
    await check({ output: text, code, directory, bundles });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const LAB = `
  const dc = await lab.addRouter("dc", { preset: "public" });
  const home = await lab.addRouter("home", { preset: "home" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
`;

Deno.test("a failed labTest leaves a bundle: the error, its source, the lab at that moment, the logs", async () => {
  await suite(
    `
    labTest("a laptop hears its server", { record: "on-failure", seed: 7 }, async (lab) => {
      ${LAB}
      await laptop.$\`ping -c 2 -i 0.01 -W 20 \${server.ip!}\`.quiet();
      laptop.command("sleep", { args: ["60"] }).spawn();
      await server.command("sh", { args: ["-c", "echo serving; echo broken >&2"] }).output();
      await laptop.interface("eth0").setCondition({ latencyMs: 5 });
      await laptop.interface("eth0").linkDown();
      assertEquals(server.ip, "1.2.3.4"); // the wrong address
    });
    labTest("it passes", { record: "on-failure" }, async (lab) => { await lab.addRouter("dc"); });
    `,
    async ({ output, code, directory, bundles }) => {
      assertEquals(code, 1);
      assertStringIncludes(output, "1 passed | 1 failed");
      const [name, zip, ...others] = bundles();
      assertEquals(others, []);
      assertMatch(name, /^\d{8}-\d{6}-\d{3}-a-laptop-hears-its-server$/);
      assertEquals(zip, `${name}.zip`);
      const bundle = `${directory}/.netyard-work/failures/${name}`;
      assertStringIncludes(output, `what happened is recorded in ${bundle}`);

      const files = await plainFiles(bundle);
      const captures = files.filter((file) => file.startsWith("run/captures/"));
      assert(captures.includes("run/captures/home-ix.pcapng"), captures.join());
      assertEquals(files.filter((file) => !captures.includes(file)), [
        "bundle.json",
        "failure.txt",
        "run/counters.jsonl",
        "run/events.jsonl",
        "run/nodes/laptop/stdout.log",
        "run/nodes/server/stderr.log",
        "run/nodes/server/stdout.log",
        "run/run.json",
        "run/state.json",
        "topology.svg",
      ]);
      const packed = unzipSync(await Deno.readFile(`${bundle}.zip`));
      assertEquals(Object.keys(packed), files);
      for (const file of files) {
        assertEquals(packed[file], await Deno.readFile(`${bundle}/${file}`));
      }

      // From the first packet on, also of a test that takes no time.
      const { frames } = readCapture(packed["run/captures/laptop-eth0.pcapng"]);
      const conversations = new Conversations();
      const echoes = frames.map((frame) => summarise(frame, conversations).info)
        .filter((info) => info.startsWith("Echo (ping) request"));
      assertEquals(echoes.length, 2);

      const info: BundleInfo = JSON.parse(await Deno.readTextFile(`${bundle}/bundle.json`));
      assertEquals(info.failed, {
        kind: "test",
        name: "a laptop hears its server",
        file: `${directory}/suite_test.ts`,
      });
      assertEquals([info.seed, info.error.name], [7, "AssertionError"]);
      assert(["netem", "emulator"].includes(info.linkEngine!));
      assertEquals(info.running, { laptop: [["sleep", "60"]] });
      assertEquals(info.error.source!.file, `${directory}/suite_test.ts`);
      const { line, lines } = info.error.source!;
      assertStringIncludes(lines.find(([number]) => number === line)![1], "the wrong address");
      assert(info.command.includes("suite_test.ts"));

      const text = await Deno.readTextFile(`${bundle}/failure.txt`);
      assertMatch(text, /^> +\d+ \| .*the wrong address/m);
      assertStringIncludes(text, "laptop: sleep 60");
      const svg = await Deno.readTextFile(`${bundle}/topology.svg`);
      for (const drawn of ["laptop", "down", "5 ms", "NAT home"]) assertStringIncludes(svg, drawn);
      assertEquals(
        await Deno.readTextFile(`${bundle}/run/nodes/server/stderr.log`),
        "broken\n",
      );

      const { events } = await readRun(`${bundle}/run`);
      const failed = events.find((event) => event.kind === "custom");
      assert(failed?.kind === "custom" && failed.name === "test-failed");
      assertStringIncludes((failed.data as { message: string }).message, "1.2.3.4");
      assertEquals(events.at(-1)!.kind, "lab-closed");
    },
  );
});

Deno.test("anything that a labTest throws leaves a bundle and stays what it is", async () => {
  await suite(
    `
    labTest("a text", async () => { throw "only text"; });
    labTest("a frozen error", async () => { throw Object.freeze(new RangeError("too far")); });
    labTest("a closed lab", async (lab) => { await lab.close(); throw new Error("after the end"); });
    `,
    ({ output, code, directory, bundles }) => {
      assertEquals(code, 1);
      assertStringIncludes(output, "0 passed | 3 failed");
      for (const text of ["only text", "too far", "after the end"]) {
        assertStringIncludes(output, text);
      }
      assertEquals(output.match(/what happened is recorded in \S+/g)?.length, 3);
      // Elsewhere than where bundles usually are.
      assertEquals(bundles(), []);
      const names = bundles(`${directory}/failures`).filter((name) => !name.endsWith(".zip"));
      assertEquals(names.map((name) => name.slice("20260102-030405-678-".length)).sort(), [
        "a-closed-lab",
        "a-frozen-error",
        "a-text",
      ]);
    },
    { NETYARD_RECORD: "on-failure", NETYARD_FAILURES: "failures" },
  );
});

Deno.test("without a directory for bundles the error of the test still comes first", async () => {
  await suite(
    `labTest("it throws", { record: "on-failure" }, async () => { throw new Error("as it should"); });`,
    ({ output, code }) => {
      assertEquals(code, 1);
      assertMatch(
        output,
        /Error: as it should\s+no record of this failure could be kept: .*; make its directory/,
      );
    },
    { NETYARD_FAILURES: "/proc/failures" },
  );
});

Deno.test("a labTest that does not ask for it leaves nothing, and refuses what it does not know", async () => {
  await suite(
    `labTest("it throws", async () => { throw new Error("as it should"); });`,
    ({ output, code, bundles }) => {
      assertEquals([code, bundles()], [1, []]);
      assertEquals(output.includes("is recorded in"), false);
    },
  );
  await suite(
    `labTest("unknown", { record: "always" } as any, async () => {});`,
    ({ output, code }) => {
      assertEquals(code, 1);
      assertStringIncludes(output, '"record" is "always", but must be one of off, events, full');
    },
  );
});
