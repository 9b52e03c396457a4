import { assert, assertEquals } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { netOf, pair, text } from "../node/fixtures/topology.ts";
import { ENDPOINT_PORT } from "../../lib/telemetry/variables.ts";
import { type Custom, fixture, recorded } from "./kit.ts";

const sorted = (events: Custom[]) =>
  events.map(([node, name]) => `${node} ${name}`).sort((a, b) => a < b ? -1 : 1);

Deno.test("JSON lines of every kind of program in a node are custom events of the lab", async () => {
  const { custom } = await recorded(async (lab) => {
    const { dc, laptop } = await pair(lab);
    const printing = (name: string) => ["-c", `echo '{"event":"${name}","n":1}'`];
    await laptop.command("sh", { args: printing("Output") }).output();
    laptop.command("sh", { args: printing("OutputSync") }).outputSync();
    await using child = laptop.command("sh", {
      args: ["-c", `printf '{"event":' ; sleep 0.05; printf '"Split"}' >&1; echo x >&2`],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    await Promise.all([child.stdout.text(), child.stderr.text()]);
    await dc.$`sh ${printing("Shell")}`.text();
    await laptop.run(() => console.error(JSON.stringify({ event: "Run", nested: { a: [1] } })));
    await using task = await laptop.spawn(fixture("task.ts"));
    await task.done;
  });
  assertEquals(sorted(custom), [
    "dc Shell",
    "laptop FromModule",
    "laptop Output",
    "laptop OutputSync",
    "laptop Run",
    "laptop Split",
  ]);
  const run = custom.find(([, name]) => name === "Run");
  assertEquals(run, ["laptop", "Run", { nested: { a: [1] } }]);
});

Deno.test("an event of Rust's tracing is a custom event, and output is passed on unchanged", async () => {
  const line = JSON.stringify({
    timestamp: "2026-01-02T03:04:05Z",
    level: "INFO",
    fields: { message: "up", addr: "198.18.0.1" },
    target: "myapp::_events::PeerConnected",
  });
  const said = `before\n${line}\r\n{"event":"Last"}`;
  const { custom } = await recorded(async (lab) => {
    const { laptop } = await pair(lab);
    const args = ["-c", 'printf %s "$1"; printf %s "$1" >&2', "sh", said];
    const { stdout, stderr } = await laptop.command("sh", { args }).output();
    assertEquals([text(stdout), text(stderr)], [said, said]);
  });
  const each: Custom[] = [
    ["laptop", "PeerConnected", { message: "up", addr: "198.18.0.1" }],
    ["laptop", "Last", {}],
  ];
  assertEquals(custom.length, 4);
  for (const event of each) {
    const found = custom.filter(([, name]) => name === event[1]);
    assertEquals(found, [event, event], "one of each stream");
  }
});

Deno.test("lines of programs that print at the same time do not mix", async () => {
  const programs = 6;
  const { custom } = await recorded(async (lab) => {
    const { laptop } = await pair(lab);
    // Each line is written in two pieces, with those of the others in between.
    const script = `for i in 1 2 3 4 5; do
      printf '{"event":"P%s",' $1; printf '{"event":"E%s",' $1 >&2
      sleep 0.01; echo "\\"i\\":$i}"; echo "\\"i\\":$i}" >&2
    done`;
    await Promise.all(
      Array.from(
        { length: programs },
        (_, n) =>
          n % 2
            ? laptop.$`sh -c ${script} sh ${n}`.stdout("piped").stderr("piped").spawn()
            : laptop.command("sh", { args: ["-c", script, "sh", `${n}`] }).output(),
      ),
    );
  });
  for (let n = 0; n < programs; n++) {
    for (const kind of ["P", "E"]) {
      const own = custom.filter(([, name]) => name === `${kind}${n}`);
      assertEquals(own.map(([, , data]) => data), [1, 2, 3, 4, 5].map((i) => ({ i })));
    }
  }
  assertEquals(custom.length, programs * 10);
});

Deno.test("a program that prints far too many events is cut off once, and its output is not", async () => {
  const lines = 60_000;
  const { custom, events } = await recorded(async (lab) => {
    const { laptop, server } = await pair(lab);
    const args = ["-c", `yes '{"event":"Noise"}' | head -n ${lines}`];
    const { stdout } = await laptop.command("sh", { args }).output();
    assertEquals(text(stdout).split("\n").length, lines + 1);
    await server.command("echo", { args: ['{"event":"Other"}'] }).output();
  });
  const noise = custom.filter(([, name]) => name === "Noise").length;
  assert(noise >= 2_000 && noise < 10_000, `${noise}`);
  const dropped = custom.filter(([, name]) => name === "netyard.events-dropped");
  assertEquals(dropped.length, 2);
  assertEquals(dropped[0][0], "laptop");
  assertEquals(dropped[1], [null, "netyard.events-dropped", { dropped: lines - noise }]);
  assert(custom.some(([node, name]) => node === "server" && name === "Other"));
  assert(events.length < 10_100);
});

Deno.test("hostile lines are harmless", async () => {
  const lines = [
    '{"event":"__proto__","__proto__":{"a":1},"constructor":{"prototype":1}}',
    '{"event":"\\u001b[2J\\u0000","a":"\\ud800"}',
    `{"event":"Long","a":"${"x".repeat(100_000)}"}`,
    `{"event":"Deep","a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
    '{"event":"Cut"',
    "\xff{",
    '{"event":"End"}',
  ];
  const { custom } = await recorded(async (lab) => {
    const { laptop } = await pair(lab);
    const child = laptop.command("cat", { stdin: "piped", stdout: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    const all = child.stdout.text();
    await writer.write(new TextEncoder().encode(lines.join("\n")));
    await writer.close();
    await child.status;
    assertEquals(await all, lines.join("\n"));
  });
  assertEquals(custom, [
    ["laptop", "__proto__", { constructor: { prototype: 1 } }],
    ["laptop", "\ufffd[2J\ufffd", { a: "\ud800" }],
    ["laptop", "End", {}],
  ]);
});

Deno.test("events of a node that is removed meanwhile do no harm", async () => {
  const { events } = await recorded(async (lab) => {
    const { laptop } = await pair(lab);
    const child = laptop.command("sh", {
      args: ["-c", `while :; do echo '{"event":"Tick"}'; sleep 0.001; done`],
      stdout: "piped",
    }).spawn();
    const reading = child.stdout.text().catch(() => {});
    for await (const event of lab.events()) if (event.kind === "custom") break;
    await lab.remove(laptop);
    await reading;
    await child.status;
  });
  assert(events.some((event) => event.kind === "custom"));
  assert(events.some((event) => event.kind === "device-removed"));
});

Deno.test("a lab that records nothing reads no events, sets no variables, and listens nowhere", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const script = `echo '{"event":"X"}'; env | grep OTEL; cat /proc/net/tcp`;
  const { stdout } = await laptop.command("sh", { args: ["-c", script], env: { A: "1" } }).output();
  const shell = await laptop.$`sh -c ${script}`.text();
  const run = await laptop.run(async (script) => {
    const command = new Deno.Command("sh", { args: ["-c", script] });
    return new TextDecoder().decode((await command.output()).stdout);
  }, script);
  const port = ENDPOINT_PORT.toString(16).toUpperCase();
  for (const said of [text(stdout), shell, run]) {
    assert(!said.includes("OTEL"), said);
    assert(!said.includes(`:${port} `), said);
  }
  assert(netOf(laptop));
  lab.emit("end");
  for await (const event of lab.events()) {
    if (event.kind !== "custom") continue;
    assertEquals(event.name, "end");
    break;
  }
});
