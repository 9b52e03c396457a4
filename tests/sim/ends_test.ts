import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Progress } from "../../lib/sim/types/types.ts";
import { PAIR, run, sh, simulation, spawn } from "./kit.ts";

const regex = /.+/;

Deno.test("a simulation without steps passes, with a record of its network", async () => {
  const progress: Progress[] = [];
  await run(simulation([], { seed: 5, variant: { a: "1" } }), async (outcome, directory) => {
    const { status, seed, steps, variant, name, file, startedAt, endedAt, setupMs } = outcome;
    assertEquals(
      [status, seed, steps, variant, name, file],
      ["passed", 5, [], { a: "1" }, "test", "sims/test.toml"],
    );
    assert(Date.parse(startedAt) <= Date.parse(endedAt) && setupMs! >= 0);
    const state = JSON.parse(await Deno.readTextFile(`${directory}/state.json`));
    assertStringIncludes(JSON.stringify(state), '"box"');
  }, { onProgress: (at) => void progress.push(at) });
  assertEquals(progress, [{ step: 0, steps: 0, doing: "building the network" }]);
});

Deno.test("each step that runs is reported, and skipped ones are not", async () => {
  const progress: string[] = [];
  const what = simulation([
    sh("true", { id: "a" }),
    sh("false", { id: "b", skipped: true }),
    { action: "flush-nat", router: "dc" },
  ]);
  await run(what, ({ steps, status, seed }) => {
    assertEquals(status, "passed");
    assertEquals(steps.map(({ status }) => status), ["passed", "skipped", "passed"]);
    assertEquals(steps[1].startedMs, undefined);
    assertEquals(seed, 9);
  }, {
    seed: 9,
    onProgress: ({ step, steps, doing }) => void progress.push(`${step}/${steps} ${doing}`),
  });
  assertEquals(progress, [
    "0/3 building the network",
    "1/3 run a in box",
    "3/3 flush-nat step-3 in dc",
  ]);
});

Deno.test("a network that cannot be built fails the simulation before its steps", async () => {
  const what = simulation([sh("true")], {
    topology: { devices: { box: { interfaces: { eth0: { gateway: "nowhere" } } } } },
  });
  await run(what, ({ status, failure, steps, captures, results }) => {
    assertEquals([status, steps[0].status, captures, results], ["failed", "not-run", {}, []]);
    assertStringIncludes(failure!.message, "nowhere");
    assertEquals([failure!.step, failure!.logs], [undefined, []]);
  });
});

Deno.test("a simulation that reaches its time limit ends at its current step", async () => {
  const steps = [
    spawn("echo up; exec sleep 100", {
      id: "server",
      captures: { up: { regex }, no: { regex: /x/ } },
    }),
    sh("echo hm >&2; exec sleep 100", { id: "slow", requires: ["server.up"] }),
    sh("true"),
  ];
  await run(simulation(steps, { timeoutMs: 60_000 }), ({ status, failure, steps, warnings }) => {
    assertEquals([status, steps.map(({ status }) => status)], [
      "timed-out",
      ["passed", "timed-out", "not-run"],
    ]);
    assertEquals(
      failure!.message,
      "the simulation did not end within 700 ms: it was at step 2, run slow in box, " +
        'running "sh -c echo hm >&2; exec sleep 100"',
    );
    assertEquals([failure!.step, failure!.stderr, warnings], [2, ["hm"], []]);
    assertEquals(steps.map(({ signal }) => signal), ["SIGTERM", "SIGTERM", undefined]);
  }, { timeoutMs: 700 });
});

Deno.test("waits and pauses end at the time limit, too", async () => {
  const server = spawn("exec sleep 100", { id: "server", captures: { up: { regex } } });
  const cases = [
    [{ action: "wait" as const, durationMs: 60_000 }, /at step 2, wait step-2, waiting 60 s$/],
    [{ action: "wait-for" as const, target: "server" }, /waiting for the end of "sh .*server"$/],
    [sh("true", { requires: ["server.up"] }), /waiting for the capture "server.up" of step/],
    [spawn("sleep 100", { readyAfterMs: 60_000 }), /at step 2, spawn step-2 in box, waiting 60 s$/],
  ] as const;
  for (const [step, message] of cases) {
    await run(simulation([server, step], { timeoutMs: 250 }), ({ status, failure, durationMs }) => {
      assertEquals(status, "timed-out");
      assertMatch(failure!.message, message);
      assert(durationMs < 4000, `${durationMs} ms`);
    });
  }
});

Deno.test("a simulation that is interrupted leaves all its outputs", async () => {
  const interrupt = new AbortController();
  const what = simulation([
    { action: "capture", id: "c", device: "client" },
    sh("ping -c 1 $NETYARD_IP_server", {
      id: "p",
      device: "client",
      captures: { all: { regex: /1 received/ } },
    }),
    sh("echo on it; exec sleep 100", { id: "slow", device: "client" }),
    sh("true", { device: "client" }),
  ], { topology: PAIR });
  await run(what, async ({ status, failure, steps, captures }, directory) => {
    assertEquals([status, failure!.id, steps.map(({ status }) => status)], [
      "interrupted",
      "slow",
      ["passed", "passed", "interrupted", "not-run"],
    ]);
    assertMatch(failure!.message, /^the simulation was interrupted: it was at step 3, run slow/);
    assertEquals(captures["p.all"], "1 received");
    assert(Number(captures["c.packets"]) >= 2);
    const [pcap, log] = ["captures/c.pcap", "nodes/client/stdout.log"];
    assertEquals(failure!.logs, [log, pcap]);
    assertMatch(await Deno.readTextFile(`${directory}/${log}`), /on it\n$/);
    assert((await Deno.stat(`${directory}/${pcap}`)).size > 24);
    const events = await Deno.readTextFile(`${directory}/events.jsonl`);
    assertStringIncludes(events.trim().split("\n").at(-1)!, "lab-closed");
  }, {
    signal: interrupt.signal,
    onLine: ({ text }) => text === "on it" && interrupt.abort(),
  });
});

Deno.test("a simulation that is interrupted before its start does not start", async () => {
  await run(simulation([sh("true")]), ({ status, steps, failure }, directory) => {
    assertEquals([status, steps[0].status], ["interrupted", "not-run"]);
    assertStringIncludes(failure!.message, "interrupted");
    assertEquals([...Deno.readDirSync(directory)], []);
  }, { signal: AbortSignal.abort() });
});
