import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { captured, failure, ONE, PAIR, passes, run, sh, simulation, spawn } from "./kit.ts";

const regex = /.+/;

Deno.test("values are filled into commands and environments", async () => {
  const captures = await captured([
    sh("echo one=1; echo one=2", { id: "a", captures: { one: { regex: /one=(.)/ } } }),
    sh("echo ${a.one} $NETYARD_IP_box $NETSIM_IP_box ${NETSIM_IP_box} $V end", {
      id: "b",
      env: { V: "<${a.one}>" },
      captures: { got: { regex } },
    }),
    sh("env | grep -c '^NET[SY].*_IP_BOX=10\\.0\\|^NETYARD_NODE=box$'", {
      id: "c",
      captures: { count: { regex } },
    }),
  ], { topology: { ...ONE, routers: [{ name: "dc", preset: "home" }] } });
  const [, ip] = captures["b.got"].split(" ");
  assertEquals(captures["b.got"], `2 ${ip} ${ip} ${ip} <2> end`);
  assertMatch(ip, /^10\.0\./);
  assertEquals(captures["c.count"], "3");
});

Deno.test("a binary is found by its name", async () => {
  const { captures, steps } = await passes(
    simulation([{
      action: "run",
      id: "a",
      cmd: ["${binary.tool}", "hello", "a b"],
      captures: { said: { regex } },
    }]),
    { binaries: new Map([["tool", "/bin/echo"]]) },
  );
  assertEquals(captures, { "a.said": "hello a b" });
  assertEquals(steps[0].command, ["/bin/echo", "hello", "a b"]);
});

Deno.test("a program that fails ends the simulation; the failure has its exit code, errors and logs", async () => {
  const what = simulation([
    sh("echo fine"),
    sh("seq 1 30 >&2; echo out; exit 3", { id: "bad" }),
    sh("echo never"),
  ]);
  await run(what, async (outcome, directory) => {
    const { status, failure, steps } = outcome;
    assertEquals([status, steps.map((step) => step.status)], [
      "failed",
      ["passed", "failed", "not-run"],
    ]);
    const expected = {
      step: 2,
      id: "bad",
      action: "run",
      device: "box",
      where: "sims/test.toml:20",
      message: '"sh -c seq 1 30 >&2; echo out; exit 3" ended with exit code 3',
      command: ["sh", "-c", "seq 1 30 >&2; echo out; exit 3"],
      exitCode: 3,
      stderr: Array.from({ length: 20 }, (_, n) => String(n + 11)),
      logs: ["nodes/box/stdout.log", "nodes/box/stderr.log"],
    };
    assertEquals(failure, expected as typeof failure);
    const [out, err] = await Promise.all(
      failure!.logs.map((log) => Deno.readTextFile(`${directory}/${log}`)),
    );
    assertEquals(out, "fine\nout\n");
    assertEquals(err.split("\n").length, 31);
    const events = (await Deno.readTextFile(`${directory}/events.jsonl`)).trim().split("\n")
      .map((line) => JSON.parse(line)).filter(({ kind }) => kind === "custom");
    assertEquals(events.map(({ name, data: { id, status } }) => [name, id, status]), [
      ["step-started", "step-1", undefined],
      ["step-ended", "step-1", "passed"],
      ["step-started", "bad", undefined],
      ["step-ended", "bad", "failed"],
    ]);
  });
});

Deno.test("a missing program fails with the exit code of a shell", async () => {
  const missing = await failure(simulation([{ action: "run", cmd: ["no-such-tool", "-x"] }]));
  assertEquals(missing.exitCode, 127);
  assertStringIncludes(missing.message, 'box: no program "no-such-tool" on this host');
  assertEquals(missing.command, ["no-such-tool", "-x"]);
  const noBit = await failure(simulation([{ action: "run", cmd: ["/etc/passwd"] }]));
  assertEquals(noBit.exitCode, 126);
});

Deno.test("missing programs, nodes and captures fail before anything starts", async () => {
  const binary = await failure(simulation([{ action: "run", cmd: ["${binary.x}"] }]));
  assertEquals(binary.message, 'there is no binary "x"; there are: none');
  const node = await failure(simulation([sh("true", { device: "bax" })]));
  assertEquals(
    node.message,
    'there is no device, router or vm "bax"; there are: box, dc',
  );
  const address = await failure(simulation([sh("echo $NETYARD_IP_other")]));
  assertStringIncludes(
    address.message,
    "$NETYARD_IP_other: no node has such an address; there are",
  );
});

Deno.test("a failure has the signal that ended the program", async () => {
  const { message, signal, exitCode } = await failure(simulation([sh("kill -KILL $$")]));
  assertEquals([signal, exitCode], ["SIGKILL", 137]);
  assertStringIncludes(message, "was ended by SIGKILL");
});

Deno.test("a program that reaches its timeout is killed, whatever signals it ignores", async () => {
  const what = simulation([
    sh("trap '' TERM; echo stuck >&2; while :; do sleep 0.1; done", { timeoutMs: 1_500 }),
  ]);
  await run(what, ({ status, steps, failure, durationMs }) => {
    assertEquals([status, steps[0].status, steps[0].signal], [
      "timed-out",
      "timed-out",
      "SIGKILL",
    ]);
    assertStringIncludes(failure!.message, "did not end within 1.5 s, and was killed");
    assertEquals(failure!.stderr, ["stuck"]);
    assert(durationMs < 8000, `${durationMs} ms`);
  });
});

Deno.test("a program in the background continues until a step waits for it", async () => {
  const { steps, captures } = await passes(simulation([
    spawn("echo ready; read x </proc/self/fd/0; sleep 0.3; echo done", {
      id: "server",
      captures: { state: { regex } },
    }),
    sh("echo ${server.state}", { id: "first", captures: { saw: { regex } } }),
    { action: "wait-for", target: "server" },
    sh("echo ${server.state}", { id: "then", captures: { saw: { regex } } }),
  ]));
  assertEquals([captures["first.saw"], captures["then.saw"]], ["ready", "done"]);
  assertEquals([steps[0].exitCode, steps[0].status], [0, "passed"]);
});

Deno.test("waiting for a program that fails, fails with how it ended", async () => {
  const bad = await failure(simulation([
    spawn("echo why >&2; exit 4", { id: "server" }),
    { action: "wait-for", target: "server" },
  ]));
  assertEquals([bad.step, bad.exitCode, bad.stderr, bad.commandNode], [2, 4, ["why"], "box"]);
  assertEquals(bad.command, ["sh", "-c", "echo why >&2; exit 4"]);
  assertEquals(bad.logs, ["nodes/box/stderr.log"]);
});

Deno.test("waiting for a program has a timeout", async () => {
  const what = simulation([
    spawn("echo hm >&2; exec sleep 100", {
      id: "server",
      captures: { up: { pipe: "stderr", regex } },
    }),
    { action: "wait-for", target: "server", timeoutMs: 200, requires: ["server.up"] },
  ]);
  await run(what, ({ status, failure, warnings }) => {
    assertEquals([status, failure!.stderr, warnings], ["timed-out", ["hm"], []]);
    assertStringIncludes(failure!.message, 'of step "server" did not end within 200 ms');
  });
});

Deno.test("programs that still run at the end are ended, all at the same time", async () => {
  const stubborn = "trap '' TERM; echo up; while :; do sleep 0.1; done";
  const up = { captures: { up: { regex } } };
  const begin = performance.now();
  const { steps, warnings } = await passes(simulation([
    spawn(stubborn, { id: "a", ...up }),
    spawn(stubborn, { id: "b", ...up }),
    spawn("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done", {
      id: "c",
      captures: { up: { regex }, bye: { regex: /bye/ } },
    }),
    { action: "wait", durationMs: 1, requires: ["a.up", "b.up", "c.up"] },
  ]));
  assertEquals(steps.slice(0, 3).map(({ signal }) => signal), ["SIGKILL", "SIGKILL", undefined]);
  assertEquals(warnings, []); // Its last output is read, too.
  assert(performance.now() - begin < 4500);
});

Deno.test("a background program that failed is a warning if no step waits for it", async () => {
  const { warnings } = await passes(simulation([
    spawn("exit 9", { id: "a", readyAfterMs: 200 }),
    spawn("sleep 100", { id: "b" }),
  ]));
  assertEquals(warnings, [
    'step "a": it failed, and no step waited for it: "sh -c exit 9" ended with exit code 9; it printed nothing',
  ]);
});

Deno.test("processes that a program leaves behind do not block its step, and end with the network", async () => {
  const { captures, durationMs } = await passes(simulation([
    sh("echo all; sleep 100 & echo of it", { id: "a", captures: { last: { regex } } }),
  ]));
  assertEquals(captures, { "a.last": "of it" });
  assert(durationMs < 5000, `${durationMs} ms`);
});

Deno.test("programs run in routers, too, and each line is reported as it is printed", async () => {
  const lines: string[] = [];
  await passes(
    simulation([sh("echo $NETYARD_NODE; printf x >&2", { device: "home" })], { topology: PAIR }),
    { onLine: ({ node, stream, text }) => void lines.push(`${node} ${stream} ${text}`) },
  );
  assertEquals(lines.sort(), ["home stderr x", "home stdout home"]);
});
