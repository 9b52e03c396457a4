import { assertEquals, assertThrows } from "@std/assert";
import { BundleError } from "../../lib/bundle/read_bundle.ts";
import { replayLine, simulationLine, workDirOf } from "../../lib/bundle/replay_line.ts";

const FAILED = { kind: "test", name: "a (b) $5?", file: "/suite/a_test.ts" } as const;
const FILTER = "--filter=/^a \\(b\\) \\$5\\?$/";

const line = (command: string) => replayLine(FAILED, command.split(" "));

Deno.test("a replay runs the one test of the one file, with the options of the command line", () => {
  assertEquals(line("deno test"), ["test", FILTER, "/suite/a_test.ts"]);
  assertEquals(line("/usr/bin/deno test -P --no-check --config d.json tests b_test.ts"), [
    ...["test", "-P", "--no-check", "--config", "d.json", FILTER, "/suite/a_test.ts"],
  ]);
  assertEquals(
    line("deno test --allow-run=ping --parallel -c d.json a_test.ts -- one --filter=x"),
    [
      ...["test", "--allow-run=ping", "--parallel", "-c", "d.json", FILTER, "/suite/a_test.ts"],
      ...["--", "one", "--filter=x"],
    ],
  );
});

Deno.test("options that choose tests, repeat them or write files are left out", () => {
  assertEquals(
    line("deno test --filter x --filter=y --watch --shuffle=3 --coverage=c --junit-path j -A"),
    ["test", "-A", FILTER, "/suite/a_test.ts"],
  );
  assertEquals(line("deno test --config"), ["test", "--config", FILTER, "/suite/a_test.ts"]);
});

Deno.test("the filter matches the name, whatever is in it", () => {
  for (const name of ["a/b", "x^y|z", "back\\slash", "{1,2}[3]*.+", "tab\there"]) {
    const filter = replayLine({ ...FAILED, name }, ["deno", "test"])[1];
    const pattern = /^--filter=\/(.*)\/$/s.exec(filter)![1];
    assertEquals([new RegExp(pattern).test(name), new RegExp(pattern).test(`${name}!`)], [
      ...[true, false],
    ]);
  }
});

Deno.test("what is no `deno test`, or has no file, is not replayed", () => {
  for (
    const [failed, command] of [
      [FAILED, ["deno", "run", "-A", "x.ts"]],
      [FAILED, []],
      [{ ...FAILED, file: null }, ["deno", "test"]],
      [{ ...FAILED, kind: "script" }, ["deno", "test"]],
    ] as const
  ) {
    assertThrows(
      () => replayLine(failed, command),
      BundleError,
      "only simulations, and tests of `deno test`",
    );
  }
});

const SIMULATION = { kind: "simulation", name: "call-nat.home", file: "/sims/call.toml" } as const;

const simLine = (line: string[] | null) =>
  simulationLine({ failed: SIMULATION, seed: 7, line, workDir: "/tmp/runs" });

Deno.test("a replay runs the one variant of the one file, with the seed, the programs and the time limit", () => {
  const end = ["--seed", "7", "--record", "on-failure", "--work-dir", "/tmp/runs"];
  const begin = ["run", "/sims/call.toml", "--filter=/^call-nat\\.home$/"];
  assertEquals(simLine(null), [...begin, ...end]);
  assertEquals(
    simLine([
      ...["netyard", "run", "sims", "-j", "4", "--filter", "call", "--no-build", "--seed=3"],
      ...["--binary", "relay:path:x", "--binary=b:path:y", "--timeout", "5m", "--junit", "x.xml"],
    ]),
    [
      ...begin,
      ...["--no-build", "--binary", "relay:path:x", "--binary=b:path:y", "--timeout", "5m"],
      ...end,
    ],
  );
  assertThrows(
    () => simulationLine({ failed: FAILED, seed: 1, line: null, workDir: "x" }),
    BundleError,
    "this is no simulation of a file, but a test: a (b) $5?",
  );
});

Deno.test("the work directory of a command line is that of its last option", () => {
  assertEquals(workDirOf(null), undefined);
  assertEquals(workDirOf(["netyard", "run"]), undefined);
  assertEquals(workDirOf(["netyard", "run", "--work-dir", "a", "--work-dir=b"]), "b");
  assertEquals(workDirOf(["netyard", "run", "--work-dir", "a"]), "a");
});
