import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertFailed } from "../run/real_run.ts";
import { replayText } from "../../../lib/cli/bundle/replay_text.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

async function deno(cwd: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    ...{ args, cwd, stdin: "null" },
    env: { NO_COLOR: "1", NETYARD_RECORD: "on-failure", NETYARD_FAILURES: "" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

Deno.test("replay runs the failed test alone, with its seed, and says where the runs part", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const write = (nat: string, expected: string) =>
      Deno.writeTextFile(
        `${directory}/suite_test.ts`,
        `
        import { labTest } from "@netyard/netyard/testing";
        import { assertEquals } from "@std/assert";
        labTest("the NAT (of home) is right", async (lab) => {
          console.log("seed", lab.seed);
          const home = await lab.addRouter("home", { preset: "home" });
          await home.setNat("${nat}");
          assertEquals(home.nat, "${expected}");
        });
        labTest("another one", () => { throw new Error("not this one"); });
        `,
      );
    const config = ["--no-check", "--config", `${ROOT}deno.json`];
    const replay = (...args: string[]) =>
      deno(directory, "run", "-A", ...config, `${ROOT}lib/cli/main.ts`, "replay", ...args);
    const failures = `${directory}/.netyard-work/failures`;
    const bundles = () =>
      Array.from(Deno.readDirSync(failures), ({ name }) => name)
        .filter((name) => name.includes("the-nat") && !name.endsWith(".zip")).sort();

    await write("cgnat", "none");
    const first = await deno(directory, "test", "-P", ...config, "suite_test.ts");
    assertEquals(first.code, 1, first.out);
    const [, seed] = /^seed (\d+)$/m.exec(first.out)!;
    const [bundle] = bundles();
    assertStringIncludes(first.out, `to run this test again: netyard replay ${failures}/${bundle}`);

    const asked = await replay(`${failures}/${bundle}`);
    assertEquals(asked.code, 2);
    assertStringIncludes(asked.err, "add --yes if you trust it");
    assertStringIncludes(asked.out, "'--filter=/^the NAT \\(of home\\) is right$/'");

    const again = await replay("--yes", `${failures}/${bundle}.zip`);
    assertEquals(again.code, 1, again.err);
    assertStringIncludes(again.out, `seed ${seed}\n`);
    assertEquals(again.out.includes("not this one"), false);
    assertStringIncludes(again.out, "The test failed again, with the same error.");
    assertStringIncludes(again.out, "Until then its events are those of the bundle.");
    assertEquals(bundles().length, 2, "the replay leaves a bundle of its own");

    await write("none", "none");
    const passed = await replay("-y", `${failures}/${bundle}`);
    assertEquals(passed.code, 0, passed.err);
    assertMatch(
      passed.out,
      /The test passed this time\.\n.* differ .*:\n {2}home, after 1 event in common:\n.*cgnat\n.*none\n/,
    );

    await write("none", "cgnat");
    const other = await replay("-y", `${failures}/${bundle}`);
    assertEquals(other.code, 1);
    assertStringIncludes(other.out, "The test failed again, with another error:");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("replay runs a simulation again: its file and variant, with its seed", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const write = (exitCode: number) =>
      Deno.writeTextFile(
        `${directory}/call.toml`,
        `
[sim]
name = "call-\${matrix.nat}"

[matrix]
nat = ["home", "cgnat"]

[[router]]
name = "home"
nat = "\${matrix.nat}"

[device.laptop.eth0]
gateway = "home"

[[step]]
action = "run"
id = "dial"
device = "laptop"
cmd = ["sh", "-c", "exit ${exitCode}"]
`,
      );
    const config = ["--no-check", "--config", `${ROOT}deno.json`];
    const netyard = (...args: string[]) =>
      deno(directory, "run", "-A", ...config, `${ROOT}lib/cli/main.ts`, ...args);
    await write(3);
    const first = await netyard("run", "call.toml", "--work-dir", "work");
    assertFailed(first.code, first.out);
    const failures = `${directory}/work/failures`;
    const bundles = () =>
      Array.from(Deno.readDirSync(failures), ({ name }) => name)
        .filter((name) => name.endsWith("call-cgnat"));
    const [bundle] = bundles();
    assertStringIncludes(
      first.out,
      `
    record: work/failures/${bundle} (and .zip)
    to see it: netyard show work/failures/${bundle}
    to run it again: netyard replay work/failures/${bundle}
`,
    );
    const { seed } = JSON.parse(await Deno.readTextFile(`${failures}/${bundle}/bundle.json`));

    const again = await netyard("replay", "--yes", `work/failures/${bundle}`);
    assertEquals(again.code, 1, again.err + again.out);
    assertStringIncludes(
      again.out,
      `simulation call-cgnat, with the seed ${seed}\nin ${directory}\n`,
    );
    assertStringIncludes(again.out, "'--filter=/^call-cgnat$/'");
    assertStringIncludes(again.out, "started call-cgnat\n");
    assertEquals(again.out.includes("started call-home"), false);
    assertStringIncludes(again.out, "The simulation failed again, with the same error.");
    assertStringIncludes(again.out, "Until then its events are those of the bundle.");
    assertEquals(bundles().length, 2, "the replay leaves a bundle of its own");

    await write(0);
    const passed = await netyard("replay", "--yes", `work/failures/${bundle}.zip`);
    assertEquals(passed.code, 0, passed.err);
    assertStringIncludes(passed.out, "The simulation passed this time.\nIts events differ");
    assertStringIncludes(passed.out, "laptop, after ");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("the result of a replay is told in lines", () => {
  const error = { name: "Error", message: "no\nanswer" };
  assertEquals(
    replayText({ passed: false, before: error, after: undefined, partings: undefined }),
    [
      "The test failed before its lab could be recorded.",
      "Its events are not compared: the lab was not recorded where a replay looks for it.",
    ],
  );
  assertEquals(
    replayText({
      passed: false,
      before: error,
      after: { ...error, message: "late" },
      partings: [],
    }),
    [
      "The test failed again, with another error:",
      "  in the bundle: Error: no answer",
      "  now:           Error: late",
      "Until then its events are those of the bundle.",
    ],
  );
  const partings = Array.from({ length: 22 }, (_, i) => ({ node: i ? `n${i}` : null, same: i }));
  const lines = replayText({ passed: true, before: error, after: undefined, partings });
  assertEquals(lines.slice(0, 5), [
    "The test passed this time.",
    "Its events differ from those of the bundle:",
    "  the lab, after 0 events in common:",
    "    in the bundle: nothing more",
    "    now:           nothing more",
  ]);
  assertEquals(lines.at(-1), "  and 2 more nodes");
});
