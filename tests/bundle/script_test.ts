import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname } from "node:path";
import { readRun } from "@netyard/netyard";
import type { BundleInfo } from "../../lib/bundle/bundle_info.ts";
import { scratchDirectory } from "../../lib/bundle/failures.ts";
import { plainFiles } from "../../lib/bundle/zip_directory.ts";

const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

interface Ran {
  code: number;
  stderr: string;
  /** The path of the script. */
  script: string;
  /** The bundles, without zip files. */
  bundles: string[];
}

/** Runs a script in a directory of its own, in which it has a lab with a laptop. */
async function ran(body: string, look: (ran: Ran) => void | Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    const script = `${directory}/lab.ts`;
    const failures = `${directory}/failures`;
    await Deno.writeTextFile(
      script,
      `
      import "@netyard/netyard/rootless";
      import { Lab } from "@netyard/netyard";
      const record = "on-failure";
      async function build(label = "hello") {
        const lab = await Lab.create({ label, record, seed: 7 });
        console.log(lab.outDir);
        const home = await lab.addRouter("home", { preset: "home" });
        const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
        await laptop.command("echo", { args: ["here"] }).output();
        laptop.command("sleep", { args: ["60"] }).spawn();
        return lab;
      }
      ${body}`,
    );
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", CONFIG, script],
      cwd: directory,
      env: {
        NO_COLOR: "1",
        NETYARD_RECORD: "",
        NETYARD_OUTDIR: "",
        NETYARD_FAILURES: failures,
      },
      stdin: "null",
    }).output();
    const runs = new TextDecoder().decode(stdout).trim().split("\n");
    for (const run of runs) assert(!await isThere(run), `${run} is left`);
    const names = await Array.fromAsync(Deno.readDir(failures), ({ name }) => name)
      .catch(() => []);
    const bundles = names.filter((name) => !name.endsWith(".zip")).sort();
    assertEquals(names.length, 2 * bundles.length, `${names}`);
    await look({
      code,
      stderr: new TextDecoder().decode(stderr),
      script,
      bundles: bundles.map((name) => `${failures}/${name}`),
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);

async function infoOf(bundle: string): Promise<BundleInfo> {
  return JSON.parse(await Deno.readTextFile(`${bundle}/bundle.json`));
}

Deno.test("a script that throws leaves a bundle of its lab, as it was before it was closed", async () => {
  await ran(
    `
    await using lab = await build();
    throw new RangeError("too far"); // the place
    `,
    async ({ code, stderr, script, bundles }) => {
      assertEquals([code, bundles.length], [1, 1], stderr);
      const [bundle] = bundles;
      assertStringIncludes(stderr, `what happened is recorded in ${bundle} (and in ${bundle}.zip)`);
      assertStringIncludes(stderr, `to see it: netyard show ${bundle}`);
      assertMatch(stderr, /error: Uncaught \(in promise\) RangeError: too far/);
      const info = await infoOf(bundle);
      assertEquals(info.failed, { kind: "script", name: script, file: script });
      assertEquals([info.error.name, info.error.message], ["RangeError", "too far"]);
      const { line, lines } = info.error.source!;
      assertStringIncludes(lines.find(([number]) => number === line)![1], "// the place");
      assertEquals([info.seed, info.running], [7, { laptop: [["sleep", "60"]] }]);
      assertEquals(await Deno.readTextFile(`${bundle}/run/nodes/laptop/stdout.log`), "here\n");
      assert((await plainFiles(bundle)).includes("topology.svg"));
      const { status } = JSON.parse(await Deno.readTextFile(`${bundle}/run/run.json`));
      assertEquals(status, "failed");
    },
  );
});

Deno.test("an error in a timer and a rejected promise leave a bundle of each open lab, with the moment", async () => {
  const ways = [
    ['setTimeout(() => { throw new Error("late"); }, 20)', "error: Uncaught Error: late"],
    ['Promise.reject(new Error("late"))', "error: Uncaught (in promise) Error: late"],
  ];
  await Promise.all(ways.map(([way, text]) =>
    ran(
      `
      await using one = await build("one");
      await using other = await build("other");
      ${way};
      await new Promise(() => setTimeout(() => {}, 60_000));
      `,
      async ({ code, stderr, bundles }) => {
        assertEquals([code, bundles.length], [1, 2], stderr);
        assertStringIncludes(stderr, text);
        const infos = await Promise.all(bundles.map(infoOf));
        assertEquals(infos.map(({ label }) => label).sort(), ["one", "other"]);
        const { events } = await readRun(`${bundles[0]}/run`);
        const kinds = events.map((event) => event.kind === "custom" ? event.name : event.kind);
        assert(kinds.indexOf("script-failed") > kinds.indexOf("device-added"), `${kinds}`);
        assertEquals(kinds.at(-1), "lab-closed");
      },
    )
  ));
});

Deno.test("an exit code other than 0 leaves a bundle: set, by Deno.exit(), with an open lab or a closed one", async () => {
  const ways: [string, number][] = [
    ["{ await using lab = await build(); } Deno.exitCode = 3;", 3],
    ["{ await using lab = await build(); } Deno.exit(4);", 4],
    ["await build(); Deno.exit(5);", 5],
  ];
  await Promise.all(ways.map(([body, exitCode]) =>
    ran(body, async ({ code, stderr, bundles }) => {
      assertEquals([code, bundles.length], [exitCode, 1], stderr);
      const info = await infoOf(bundles[0]);
      assertEquals(info.error.message, `the script ended with exit code ${exitCode}`);
      assertEquals(info.running, { laptop: [["sleep", "60"]] });
      assertStringIncludes(info.command.join(" "), "lab.ts");
      assertStringIncludes(stderr, `netyard show ${bundles[0]}`);
    })
  ));
});

Deno.test("a script that ends well, or catches its errors, leaves nothing", async () => {
  const ways = [
    "await using lab = await build();",
    "const lab = await build(); await lab.close();",
    "try { await using lab = await build(); throw new Error('x'); } catch { /* it is known */ }",
    "await build(); Deno.exit(0);",
  ];
  await Promise.all(ways.map((body) =>
    ran(body, ({ code, stderr, bundles }) => {
      assertEquals([code, bundles, stderr], [0, [], ""]);
    })
  ));
});

Deno.test("only the labs of the failure count, not those that the script was done with", async () => {
  await ran(
    `
    for (const label of ["a", "b", "c"]) {
      await using lab = await build(label);
      if (label === "c") throw new Error("the third");
    }
    `,
    async ({ stderr, bundles }) => {
      assertEquals(
        (await Promise.all(bundles.map(infoOf))).map(({ label }) => label),
        ["c"],
        stderr,
      );
    },
  );
});

Deno.test("what killed processes have left in memory is removed by the next one", async () => {
  const first = await scratchDirectory();
  await Deno.remove(first);
  const old = `${dirname(first)}/netyard-record-${2 ** 30}-test`; // no process has such a number
  const own = `${dirname(first)}/netyard-record-${Deno.pid}-test`;
  await Promise.all([old, own].map((path) => Deno.mkdir(`${path}/run`, { recursive: true })));
  try {
    const hourAgo = new Date(Date.now() - 3_600_000);
    await Promise.all([old, own].map((path) => Deno.utime(path, hourAgo, hourAgo)));
    await Deno.remove(await scratchDirectory());
    assertEquals([await isThere(old), await isThere(own)], [false, true]);
  } finally {
    await Deno.remove(own, { recursive: true });
  }
});
