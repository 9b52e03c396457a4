import { assert, assertEquals, assertMatch } from "@std/assert";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { answerOtlp } from "../../lib/telemetry/otlp_server.ts";
import type { TelemetryRecord } from "../../lib/telemetry/record.ts";
import { LARGEST_BODY } from "../../lib/telemetry/request_body.ts";

const JSON_TYPE = { "content-type": "application/json" };
const PROTOBUF = { "content-type": "application/x-protobuf" };

/** A server that keeps at most `room` records. */
function server(room = Infinity) {
  const records: TelemetryRecord[] = [];
  const inFlight = { bytes: 0 };
  const send = (body: BodyInit | null, headers: HeadersInit = JSON_TYPE, path = "/v1/logs") =>
    answerOtlp(
      new Request(`http://127.0.0.1${path}`, { method: "POST", body, headers }),
      {
        receipt: () => ({ node: "laptop", nowMs: 5, toElapsedMs: (at) => at }),
        keep(more) {
          const kept = more.slice(0, room - records.length);
          records.push(...kept);
          return Promise.resolve(kept.length);
        },
        inFlight,
      },
    );
  return { records, inFlight, send };
}

const logs = (...bodies: string[]) =>
  JSON.stringify({
    resourceLogs: [{
      scopeLogs: [{ logRecords: bodies.map((stringValue) => ({ body: { stringValue } })) }],
    }],
  });

function compressed(text: string | Uint8Array<ArrayBuffer>, format: "gzip" | "deflate") {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream(format));
  return new Response(stream).bytes();
}

Deno.test("a request is answered in its own encoding, compressed or not", async () => {
  const { records, send } = server();
  const plain = await send(logs("a"), { "content-type": "application/json; charset=utf-8" });
  assertEquals([plain.status, await plain.text()], [200, "{}"]);
  assertEquals(plain.headers.get("content-type"), "application/json");
  for (const format of ["gzip", "deflate"] as const) {
    const body = await compressed(logs(format), format);
    const answer = await send(body, { ...JSON_TYPE, "content-encoding": format });
    assertEquals([answer.status, await answer.text()], [200, "{}"]);
  }
  const binary = await send(new Uint8Array(), PROTOBUF);
  assertEquals([binary.status, (await binary.bytes()).length], [200, 0]);
  assertEquals(binary.headers.get("content-type"), "application/x-protobuf");
  assertEquals(
    records.map((record) => record.type === "log" && record.body),
    ["a", "gzip", "deflate"],
  );
});

Deno.test("what is not kept is reported as a partial success", async () => {
  const { records, send } = server(2);
  const span = { traceId: "1".repeat(32), spanId: "2".repeat(16) };
  const spans = (...list: object[]) =>
    JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: list }] }] });
  const some = await send(spans(span, {}), JSON_TYPE, "/v1/traces");
  assertEquals([some.status, await some.json()], [200, {
    partialSuccess: {
      rejectedSpans: "1",
      errorMessage: "a span has no valid traceId or spanId",
    },
  }]);
  const full = await send(logs("a", "b", "c"));
  assertEquals([full.status, await full.json()], [200, {
    partialSuccess: { rejectedLogRecords: "2", errorMessage: "the lab keeps no more telemetry" },
  }]);
  assertEquals(records.length, 2);
});

Deno.test("a malformed request is answered with 400 and a status", async () => {
  const { records, send, inFlight } = server();
  for (
    const body of [
      "",
      "{",
      "null",
      "[]",
      '{"resourceLogs":1}',
      logs("a").slice(0, -3),
      new Uint8Array([0x22, 0xff, 0x22]),
    ]
  ) {
    const answer = await send(body);
    assertEquals(answer.status, 400, `${body}`);
    assert((await answer.json()).message.length > 0);
  }
  const answer = await send(new Uint8Array([0x0a, 0x05, 0x01]), PROTOBUF);
  assertEquals(answer.status, 400);
  const status = new BinaryReader(await answer.bytes());
  assertEquals(status.tag()[0], 2);
  assertMatch(status.string(), /ends prematurely/);
  const gzip = { ...JSON_TYPE, "content-encoding": "gzip" };
  const cut = (await compressed(logs("a"), "gzip")).slice(0, -5);
  for (const body of [logs("a"), cut]) {
    const damaged = await send(body, gzip);
    assertEquals(damaged.status, 400);
    assertMatch((await damaged.json()).message, /cannot be read/);
  }
  assertEquals([records.length, inFlight.bytes], [0, 0]);
});

Deno.test("what it cannot read is refused with a status that says so", async () => {
  const { send } = server();
  const statusOf = async (answer: Promise<Response>) => {
    const { status, body } = await answer;
    await body?.cancel();
    return status;
  };
  assertEquals(await statusOf(send("{}", JSON_TYPE, "/v1/profiles")), 404);
  assertEquals(await statusOf(send("{}", JSON_TYPE, "/__proto__")), 404);
  assertEquals(await statusOf(send("{}", { "content-type": "text/plain" })), 415);
  assertEquals(await statusOf(send("{}", { ...JSON_TYPE, "content-encoding": "br" })), 415);
  const get = await answerOtlp(new Request("http://127.0.0.1/v1/logs", { headers: JSON_TYPE }), {
    receipt: () => ({ node: "laptop", nowMs: 0, toElapsedMs: (at) => at }),
    keep: () => Promise.resolve(0),
    inFlight: { bytes: 0 },
  });
  assertEquals([get.status, get.headers.get("allow")], [405, "POST"]);
  await get.body?.cancel();
});

Deno.test("a body that is too large is refused, also one that is small until it is decompressed", async () => {
  const { send, inFlight } = server();
  const large = new Uint8Array(LARGEST_BODY + 1).fill(0x20);
  assertEquals((await send(large)).status, 413);
  const bomb = await compressed(new Uint8Array(20 * LARGEST_BODY), "gzip");
  assert(bomb.length < LARGEST_BODY / 20);
  assertEquals((await send(bomb, { ...JSON_TYPE, "content-encoding": "gzip" })).status, 413);
  const twice = await compressed(bomb, "gzip");
  const gzip = { ...JSON_TYPE, "content-encoding": "gzip" };
  assertEquals((await send(twice, gzip)).status, 400, "one layer is taken off");
  assertEquals(inFlight.bytes, 0);
});

Deno.test("with many bodies in memory, a client is asked to come again", async () => {
  const { send, inFlight } = server();
  inFlight.bytes = 32 << 20;
  const answer = await send(logs("a"));
  assertEquals([answer.status, answer.headers.get("retry-after")], [503, "1"]);
  await answer.body?.cancel();
  assertEquals(inFlight.bytes, 32 << 20);
});
