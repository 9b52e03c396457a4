import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { LONGEST_LINE } from "../../../lib/files/line_splitter.ts";
import {
  asserts,
  captured,
  failure,
  type LooseStep,
  ONE,
  passes,
  run,
  sh,
  simulation,
  spawn,
} from "../kit.ts";

const regex = /.+/;

/** Prints a value as JSON. */
const print = (value: unknown, to = "") => `echo '${JSON.stringify(value)}' ${to}`;

Deno.test("text is captured by line, from either output, by group or by match", async () => {
  const captures = await captured([
    sh("printf 'a=1\\r\\nb=2\\na=3\\nend=4'; echo a=9 >&2; echo err >&2", {
      id: "x",
      captures: {
        a: { regex: /^a=(\d)$/ },
        whole: { regex: /b=./ },
        end: { regex: /end=(.)/ },
        err: { pipe: "stderr", regex },
        none: { regex: /^$/ },
        optional: { regex: /^b(=2)?(x)?$/ },
      },
    }),
  ]);
  assertEquals(captures, {
    "x.a": "3",
    "x.whole": "b=2",
    "x.end": "4",
    "x.err": "err",
    "x.optional": "=2",
  });
});

Deno.test("ndjson is captured by line, and lines that are not JSON are skipped", async () => {
  const { captures, warnings } = await passes(simulation([
    sh(
      [
        print({ kind: "up", id: { key: "k1" }, n: 1 }),
        "echo plain text",
        print({ kind: "down", n: 2 }),
        print({ kind: "up", id: { key: "k2" }, n: 3 }),
        "echo",
        print({ kind: "other" }),
        'printf \'{"kind":"last","list":[1,{"x":true}]}\'',
        print({ err: 5 }, ">&2"),
      ].join("; "),
      {
        id: "x",
        parser: "ndjson",
        captures: {
          key: { match: { kind: "up" }, pick: ".id.key" },
          first: { match: { kind: "up", n: "1" }, pick: ".id.key" },
          deep: { match: { "id.key": "k2" }, pick: "n" },
          any: { pick: ".n" },
          flag: { match: { kind: "last" }, pick: ".list.1.x" },
          text: { regex: /plain (.*)/ },
          err: { pipe: "stderr", pick: ".err" },
          never: { match: { kind: "up", n: "2" }, pick: ".n" },
        },
      },
    ),
  ]));
  assertEquals(captures, {
    "x.key": "k2",
    "x.first": "k1",
    "x.deep": "3",
    "x.any": "3",
    "x.flag": "true",
    "x.text": "text",
    "x.err": "5",
  });
  assertEquals(warnings, [
    'the capture "x.never" never matched, in 8 lines, 1 of them not JSON (parser "ndjson")',
  ]);
});

Deno.test("json is captured from the whole output at the end, whatever its lines", async () => {
  const report = { end: { bytes: 5, list: ["a"] }, kind: "sum" };
  const captures = await captured([
    sh(`echo '${JSON.stringify(report, null, 2)}'`, {
      id: "x",
      parser: "json",
      captures: {
        bytes: { pick: ".end.bytes" },
        item: { match: { kind: "sum" }, pick: ".end.list.0" },
        other: { match: { kind: "x" }, pick: ".kind" },
        line: { regex: /"bytes": (\d)/ },
      },
    }),
  ]);
  assertEquals(captures, { "x.bytes": "5", "x.item": "a", "x.line": "5" });
});

Deno.test("invalid json fails the step, and the message has its start", async () => {
  const step = (line: string): LooseStep =>
    sh(line, { id: "x", parser: "json", captures: { a: { pick: ".a" } } });
  const text = await failure(simulation([step("echo usage: tool [options]")]));
  assertMatch(
    text.message,
    /^"sh .*": its stdout is not JSON, which the parser "json" reads: .*; it starts with "usage: tool \[options\]\\n"$/,
  );
  assertEquals([text.exitCode, text.logs], [0, ["nodes/box/stdout.log"]]);
  assertMatch((await failure(simulation([step("true")]))).message, /; it printed nothing$/);
  // The message has the other failure, if there is one.
  const exit = await failure(simulation([step("echo oops; exit 2")]));
  assertMatch(exit.message, /ended with exit code 2; it printed last:\n {2}oops$/);
});

Deno.test("invalid json of a background program fails the step that waits for it", async () => {
  const server = () =>
    spawn("echo oops", { id: "x", parser: "json", captures: { a: { pick: ".a" } } });
  const waited = await failure(simulation([server(), { action: "wait-for", target: "x" }]));
  assertStringIncludes(waited.message, "its stdout is not JSON");
  const used = await failure(simulation([server(), sh("echo ${x.a}")]));
  assertMatch(used.message, /has no value: it ended with exit code 0 and failed \(.*not JSON/);
});

Deno.test("a line that is too long does no harm", async () => {
  const { captures, warnings } = await passes(simulation([
    sh("head -c 3000000 /dev/zero | tr '\\0' x; echo y; echo 'z=1'", {
      id: "x",
      captures: { long: { regex: /^x+y?$/ }, z: { regex: /z=(.)/ } },
    }),
  ]));
  assertEquals([captures["x.long"].length, captures["x.z"]], [LONGEST_LINE, "1"]);
  assertEquals(warnings, [
    'step "x": 1 lines were too long, and were cut to 1048576 characters',
  ]);
});

Deno.test("not a line of 20 MB of ndjson is lost, however fast it comes", async () => {
  const lines = 200_000;
  const awk = `BEGIN { for (i = 1; i <= ${lines}; i++)
    printf "{\\"kind\\":\\"progress\\",\\"n\\":%d,\\"pad\\":\\"%063d\\"}\\n", i, i }`;
  let seen = 0;
  const what = simulation([{
    action: "run",
    id: "x",
    cmd: ["awk", awk],
    parser: "ndjson",
    captures: {
      n: { match: { kind: "progress" }, pick: ".n" },
      odd: { match: { kind: "progress" }, pick: ".pad" },
    },
  }]);
  await run(what, async (outcome, directory) => {
    assertEquals([outcome.status, outcome.failure], ["passed", undefined]);
    const { size } = await Deno.stat(`${directory}/nodes/box/stdout.log`);
    assert(size > 19_000_000, `${size} bytes`);
    assertEquals(outcome.captures["x.n"], String(lines));
    assertEquals(seen, lines);
    assertEquals(outcome.warnings, []);
    const rate = size / 1e6 / (outcome.steps[0].durationMs! / 1000);
    console.log(`ndjson: ${(size / 1e6).toFixed(1)} MB, ${rate.toFixed(0)} MB/s`);
  }, { onLine: () => void seen++ });
});

Deno.test("a step waits for what it requires", async () => {
  const { steps } = await passes(simulation([
    spawn("sleep 0.3; echo ready; exec sleep 100", { id: "server", captures: { up: { regex } } }),
    { action: "wait", durationMs: 0, requires: ["server.up"] },
  ]));
  assert(steps[1].durationMs! > 200, `${steps[1].durationMs} ms`);
});

Deno.test("a capture without a value in time is named, with the step that should capture it", async () => {
  const what = simulation([
    spawn("seq 1 7; exec sleep 100", { id: "relay", captures: { up: { regex: /ready/ } } }),
    sh("true", { requires: ["relay.up"], timeoutMs: 300 }),
  ]);
  await run(what, ({ status, steps, failure, captures }) => {
    assertEquals([status, steps[1].status, captures], ["timed-out", "timed-out", {}]);
    assertEquals(
      failure!.message,
      'waited 300 ms for the capture "relay.up" of step "relay" (spawn, sims/test.toml:10), ' +
        "which still runs; it printed last:\n  3\n  4\n  5\n  6\n  7",
    );
    assertEquals([failure!.step, failure!.where], [2, "sims/test.toml:20"]);
    assertEquals(failure!.logs, ["nodes/box/stdout.log"]);
  });
});

Deno.test("a capture that can get no value anymore fails immediately", async () => {
  const up = { captures: { up: { regex: /ready/ } } };
  const cases: [LooseStep[], RegExp][] = [
    [
      [spawn("echo no >&2; exit 3", { id: "a", ...up }), sh("echo ${a.up}")],
      /^the capture "a.up" of step "a" \(spawn, sims\/test.toml:10\) has no value: it ended with exit code 3 without it; it printed last:\n {2}no$/,
    ],
    [
      [sh("true", { id: "a", ...up }), asserts("a.up == x")],
      /has no value: it ended with exit code 0 without it; it printed nothing$/,
    ],
    [
      [sh("true", { id: "a", skipped: true, ...up }), { action: "gen-file", content: "${a.up}" }],
      /^the capture "a.up" gets no value: step "a" \(sims\/test.toml:10\) is skipped, since its "when"/,
    ],
    [[sh("echo ${b.up}"), spawn("true", { id: "b", ...up })], /step "b" .* comes later$/],
    [[sh("echo ${c.up}")], /gets no value: there is no step "c"$/],
    [
      [{ action: "gen-file", id: "f", content: "" }, sh("echo ${f.up}")],
      /step "f" .* captured no value of that name$/,
    ],
  ];
  for (const [steps, message] of cases) {
    const { message: said, exitCode, stderr } = await failure(simulation(steps));
    assertMatch(said, message);
    if (said.includes("code 3")) assertEquals([exitCode, stderr], [3, ["no"]]);
  }
});

Deno.test("results are rows of the last values, without steps that were skipped", async () => {
  const results = { duration: "a.s", downBytes: "a.bytes", latencyMs: "b.ms" };
  const { results: rows } = await passes(simulation([
    spawn("echo bytes=1; sleep 0.1; echo bytes=2", {
      id: "a",
      captures: { bytes: { regex: /bytes=(.)/ }, s: { regex: /never/ } },
      results,
    }),
    sh("echo 7", { id: "b", captures: { ms: { regex } }, results: { upBytes: "a.bytes" } }),
    sh("true", { id: "c", skipped: true, results }),
    sh("true", { id: "d" }),
    { action: "wait-for", target: "a" },
  ]));
  assertEquals(rows, [
    { id: "a", duration: null, up_bytes: null, down_bytes: "2", latency_ms: "7" },
    { id: "b", duration: null, up_bytes: "2", down_bytes: null, latency_ms: null },
  ]);
});

Deno.test("all checks are made, and the message has each one that fails", async () => {
  const give = sh("echo 5", { id: "a", captures: { n: { regex }, m: { regex } } });
  await passes(simulation([give, asserts("a.n == 5", "a.n >= ${a.m}", "a.n matches ^\\d$")]));
  const { message } = await failure(
    simulation([give, asserts("a.n == 6", "a.n > 4", "a.n contains ${a.m}x", "a.n matches x")]),
  );
  assertEquals(message.split("\n"), [
    'expected a.n == 6, but a.n is "5"',
    'expected a.n contains ${a.m}x ("5x"), but a.n is "5"',
    'expected a.n matches x, but a.n is "5"',
  ]);
});

Deno.test("a check waits for its capture, and takes the latest value", async () => {
  await passes(simulation([
    spawn("sleep 0.2; echo v=1; sleep 0.2; echo v=2", {
      id: "a",
      captures: { v: { regex: /v=(.)/ } },
    }),
    asserts("a.v == 1"),
    { action: "wait-for", target: "a" },
    asserts("a.v == 2"),
  ], { topology: ONE }));
});
