import { assert, assertEquals } from "@std/assert";
import { programEvent } from "../../lib/telemetry/program_event.ts";

Deno.test("a JSON object with a string member event is an event, and its other members are the data", () => {
  assertEquals(programEvent('{"event": "PeerConnected", "addr": "1.2.3.4", "n": 1}'), {
    name: "PeerConnected",
    data: { addr: "1.2.3.4", n: 1 },
  });
  assertEquals(programEvent('{"a":{"b":[1,null]},"event":"x"}\r'), {
    name: "x",
    data: { a: { b: [1, null] } },
  });
  assertEquals(programEvent('{"event":"done"}'), { name: "done", data: {} });
});

Deno.test("an event of tracing has its name after the last :: of the target, and its fields as data", () => {
  const line = JSON.stringify({
    timestamp: "2026-01-02T03:04:05.678Z",
    level: "INFO",
    fields: { message: "connected", addr: "1.2.3.4:5", event: "other" },
    target: "myapp::net::_events::PeerConnected",
    span: { name: "dial" },
    spans: [{ name: "dial" }],
  });
  assertEquals(programEvent(line), {
    name: "PeerConnected",
    data: { message: "connected", addr: "1.2.3.4:5", event: "other" },
  });
  assertEquals(
    programEvent('{"timestamp":"t","level":"INFO","addr":"a","target":"_events::Up","span":{}}'),
    { name: "Up", data: { addr: "a" } },
    "with flatten_event(true), and without a crate",
  );
});

Deno.test("other lines are no events", () => {
  const lines = [
    "",
    "hello",
    '"event"',
    '["event"]',
    '{"event": 1}',
    '{"event": null}',
    '{"event": ""}',
    '{"event": "\\u0000"}'.replace("\\u0000", "  "),
    '{"event": "x"',
    '{"event": "x"} trailing',
    '{"Event": "x"}',
    '{"data": {"event": "x"}}',
    '{"target": "myapp::events::Up", "fields": {"a": "_events::"}}',
    '{"target": "myapp::_events::", "fields": {}}',
    '{"target": "my_events::Up", "fields": {}}',
    '{"target": 7, "fields": {"a": "_events::"}}',
  ];
  for (const line of lines) assertEquals(programEvent(line), undefined, line);
});

Deno.test("a hostile event is made harmless, or is none", () => {
  const proto = programEvent(
    '{"event":"x","__proto__":{"polluted":1},"a":{"__proto__":{"b":1},"constructor":1}}',
  )!;
  assertEquals(Object.keys(proto.data), ["a"]);
  assertEquals(Object.keys(proto.data.a as object), ["constructor"]);
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
  const name = programEvent(
    JSON.stringify({ event: `\x1b[31m${"n".repeat(500)}\u202e\ud800` }),
  )!.name;
  assertEquals(name.length, 200);
  assert(name.startsWith("\ufffd[31mnnn"));
  assertEquals(programEvent(JSON.stringify({ event: "a\u202eb\nc" }))!.name, "a\ufffdb\ufffdc");
  const nested = (depth: number) => `{"event":"x","a":${"[".repeat(depth)}1${"]".repeat(depth)}}`;
  assert(programEvent(nested(31)));
  assertEquals(programEvent(nested(32)), undefined);
  assertEquals(programEvent(nested(30_000)), undefined);
});
