import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { loadSimulations } from "../../../lib/sim/load.ts";
import { faultsOf, type Files, inFiles } from "./kit.ts";

const sim = (name: string) => `[sim]\nname = "${name}"\n`;

const PROJECT: Files = {
  "sims/b.toml": sim("b"),
  "sims/a.toml": sim("a"),
  "sims/deep/c.toml": '[[step]]\naction = "wait"\nduration = "1s"\n',
  "sims/defaults.toml": '[[step-template]]\nname = "x"\n',
  "sims/topos/t.toml": '[[router]]\nname = "dc"\n',
  "sims/notes.txt": "none",
  "sims/.hidden/d.toml": sim("d"),
  "Cargo.toml": '[package]\nname = "p"\n',
  "other.toml": sim("other"),
};

const filesOf = (files: Files, paths: string[], below = ".") =>
  inFiles(
    files,
    async (cwd) =>
      (await loadSimulations(paths, { cwd: join(cwd, below) })).map((
        { file, name },
      ) => [file, name]),
  );

Deno.test("a directory stands for all simulations below it, in order", async () => {
  assertEquals(await filesOf(PROJECT, ["sims"]), [
    ["sims/a.toml", "a"],
    ["sims/b.toml", "b"],
    ["sims/deep/c.toml", "c"],
  ]);
  assertEquals(await filesOf(PROJECT, ["."], "sims/deep"), [["c.toml", "c"]]);
});

Deno.test("a file that is given twice is loaded once, in the first place", async () => {
  assertEquals(await filesOf(PROJECT, ["sims/deep/../b.toml", "./sims"]), [
    ["sims/deep/../b.toml", "b"],
    ["sims/a.toml", "a"],
    ["sims/deep/c.toml", "c"],
  ]);
});

Deno.test("a pattern stands for the files that match it", async () => {
  assertEquals(await filesOf(PROJECT, ["sims/*.toml"]), [["sims/a.toml", "a"], [
    "sims/b.toml",
    "b",
  ]]);
  assertEquals(await filesOf(PROJECT, ["**/?.toml"]), [
    ["sims/a.toml", "a"],
    ["sims/b.toml", "b"],
    ["sims/deep/c.toml", "c"],
  ]);
});

Deno.test("without paths, the nearest netyard.toml names the simulations", async () => {
  const files = { ...PROJECT, "netyard.toml": 'simulations = "sims/**"\n' };
  assertEquals(await filesOf(files, [], "sims/deep"), [
    ["../a.toml", "a"],
    ["../b.toml", "b"],
    ["c.toml", "c"],
  ]);
  const two = { ...PROJECT, "netyard.toml": 'simulations = ["other.toml", "sims/deep"]\n' };
  assertEquals(await filesOf(two, []), [["other.toml", "other"], ["sims/deep/c.toml", "c"]]);
});

Deno.test("the older project file is read if there is no netyard.toml with simulations", async () => {
  const files = {
    ...PROJECT,
    "netyard.toml": '[profiles.x]\nkernel = "k"\n',
    [`${"patch"}bay.toml`]: 'repo = "https://example.test"\nsimulations = "sims/**/*.toml"\n',
  };
  assertEquals(await filesOf(files, [], "sims"), [
    ["a.toml", "a"],
    ["b.toml", "b"],
    ["deep/c.toml", "c"],
  ]);
});

Deno.test("paths without a simulation, and two simulations of one name, are refused", async () => {
  const cases: [files: Files, paths: string[], ...faults: string[]][] = [
    [PROJECT, ["nowhere.toml"], "nowhere.toml: there is no such file"],
    [
      PROJECT,
      ["Cargo.toml"],
      "Cargo.toml: it is not a simulation: it has neither a [sim] table nor a [[step]]",
    ],
    [
      PROJECT,
      ["sims/topos", "nowhere/*.toml"],
      "sims/topos: there is no simulation: no .toml file with a [sim] table or a [[step]]",
      "nowhere/*.toml: there is no simulation: no .toml file with a [sim] table or a [[step]]",
    ],
    [
      {},
      [],
      'netyard.toml: no such file here or above has "simulations": name files or directories, or ' +
      'write one, with simulations = "sims/**"',
    ],
    [
      { "a.toml": sim("x"), "b.toml": `# x\n${sim("x")}`, "c.toml": '[sim]\nname = ".x"\n' },
      ["."],
      'c.toml:2: the name of the simulation is ".x", but it must consist of letters, digits, "_", "-" and ' +
      '".", as it names a directory; give [sim] another "name"',
      'b.toml:3: the simulation at a.toml:2 is called "x", too; rename one of them',
    ],
    [
      { "a.toml": sim("x"), "b.toml": "x = \n" },
      ["."],
      "b.toml:1: this is not TOML: invalid value",
    ],
  ];
  for (const [files, paths, ...faults] of cases) {
    const lines = (await faultsOf(files, paths)).map((fault) => fault.split("\n")[0]);
    assertEquals(lines, faults);
  }
});

Deno.test("a wrong netyard.toml is refused, not skipped", async () => {
  const [fault] = await faultsOf({ "netyard.toml": "simulations = 1\n" }, []);
  assertEquals(
    fault.replace(/\/\S*\//, ""),
    'netyard.toml: "simulations" is 1, but must be a string or a list',
  );
});

Deno.test("an extended file is found beside the file, one directory up, and in the working directory", async () => {
  const template = (time: string) =>
    `[[step-template]]\nname = "t"\naction = "wait"\nduration = "${time}"\n`;
  const use = (...files: string[]) =>
    files.map((file) => `[[extends]]\nfile = "${file}"\n`).join("") + '[[step]]\nuse = "t"\n';
  const files = {
    "sims/deep/a.toml": use("x.toml"),
    "sims/deep/b.toml": use("x.toml", "y.toml"),
    "sims/deep/c.toml": use("y.toml", "x.toml"),
    "sims/deep/d.toml": use("x.toml") + template("9s"),
    "sims/deep/e.toml": use("z.toml"),
    "sims/x.toml": template("1s"),
    "y.toml": template("2s"),
    // A file that is extended may extend others, and has more to say than they.
    "z.toml": '[[extends]]\nfile = "y.toml"\n[[extends]]\nfile = "sims/x.toml"\n',
  };
  const durations = await inFiles(
    files,
    async (cwd) =>
      (await loadSimulations(["sims/deep"], { cwd })).map(({ steps: [step] }) =>
        step.action === "wait" ? step.durationMs : step
      ),
  );
  assertEquals(durations, [1000, 2000, 1000, 9000, 1000]);
});

Deno.test("the topology is that of the file itself, or of the last file that it extends", async () => {
  const files = {
    "sims/a.toml": '[[extends]]\nfile = "one.toml"\n[[extends]]\nfile = "two.toml"\n[sim]\n',
    "sims/b.toml": '[[extends]]\nfile = "one.toml"\n[[router]]\nname = "own"\n[sim]\n',
    "sims/c.toml": '[[extends]]\nfile = "two.toml"\n[sim]\ntopology = "up"\n',
    "one.toml": '[[router]]\nname = "one"\n',
    "two.toml": '[sim]\ntopology = "two"\n',
    "topos/two.toml": '[[router]]\nname = "two"\n',
    "sims/topos/two.toml": '[[router]]\nname = "beside"\n',
    "topos/up.toml": '[[router]]\nname = "up"\n',
  };
  const routers = await inFiles(
    files,
    async (cwd) =>
      (await loadSimulations(["sims"], { cwd })).map(({ topology }) => topology.routers?.[0].name),
  );
  assertEquals(routers, ["two", "own", "up"]);
});

Deno.test("a binary that the caller gives needs no declaration", async () => {
  const text = '[[router]]\nname = "dc"\n[[step]]\ndevice = "dc"\ncmd = ["${binary.tool}"]\n';
  assertEquals(
    await faultsOf(text),
    ['a.toml:5: "${binary.tool}": there is no [[binary]] "tool"; declare it, or give it by --binary'],
  );
  const [{ binaries }] = await inFiles(
    { "a.toml": text },
    (cwd) => loadSimulations(["a.toml"], { cwd, binaries: ["tool"] }),
  );
  assertEquals(binaries, []);
});
