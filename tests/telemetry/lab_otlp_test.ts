import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { LogRecord, Node, SpanRecord, TelemetryRecord } from "@netyard/netyard";
import "@opentelemetry/exporter-trace-otlp-proto"; // so that it is in the cache: a node has no internet
import "@opentelemetry/sdk-trace-base";
import { pair, text } from "../node/fixtures/topology.ts";
import { ENDPOINT_PORT, ENDPOINT_URL } from "../../lib/telemetry/variables.ts";
import { denoRun, fixture, recorded } from "./kit.ts";

const isSpan = (record: TelemetryRecord) => record.type === "span";
const isLog = (record: TelemetryRecord) => record.type === "log";

/** Runs a program that prints its variables for telemetry. */
async function variablesOf(node: Node, options: Deno.CommandOptions = {}) {
  const command = node.command("sh", { args: ["-c", "env | grep ^OTEL_ | sort"], ...options });
  return text((await command.output()).stdout).trim().split("\n");
}

/** Posts a log record by curl(1), in the node. */
async function post(node: Node, record: object, ...more: string[]) {
  const request = { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] };
  const { code, stdout, stderr } = await node.command("curl", {
    args: ["-sS", "--json", JSON.stringify(request), ...more, `${ENDPOINT_URL}/v1/logs`],
  }).output();
  assertEquals([code, text(stdout)], [0, "{}"], text(stderr));
}

// server <-> dc <-> laptop
Deno.test("spans and logs of Deno programs arrive with their node, on the lab's clock, in one trace", async () => {
  const { records, events, custom, damaged } = await recorded(async (lab) => {
    const { server, laptop } = await pair(lab);
    const serving = server.command(Deno.execPath(), { args: denoRun(fixture("serve.ts")) })
      .output();
    for await (const event of lab.events()) if (event.kind === "custom") break;
    const url = `http://${server.ip}:8000/hello`;
    const { code, stdout, stderr } = await laptop.command(Deno.execPath(), {
      args: denoRun(fixture("fetch.ts"), url),
    }).output();
    assertEquals([code, text(stdout)], [0, "the answer: welcome\n"], text(stderr));
    assertEquals((await serving).code, 0);
  });
  assertEquals(damaged, 0);
  assertEquals(custom, [["server", "Listening", { port: 8000 }]]);
  const spans = records.filter(isSpan) as SpanRecord[];
  const client = spans.find(({ node }) => node === "laptop")!;
  const handler = spans.find(({ node }) => node === "server")!;
  assertEquals([client.kind, handler.kind], ["client", "server"]);
  assertEquals([client.service, handler.service], ["laptop", "server"]);
  assertEquals([handler.traceId, handler.parentSpanId], [client.traceId, client.spanId]);
  assertEquals(client.attributes["http.request.method"], "GET");
  const at = (kind: string, node: string) =>
    events.find((event) => event.kind === kind && "node" in event && event.node === node)!
      .elapsedMs;
  // Both clocks are of this host; a millisecond is their resolution.
  assert(client.startMs >= at("command-started", "laptop") - 1);
  assert(client.endMs <= at("command-ended", "laptop") + 1);
  assert(handler.startMs >= client.startMs - 1 && handler.startMs <= client.endMs + 1);
  const logs = (records.filter(isLog) as LogRecord[]).filter(({ node }) => node === "laptop");
  assertEquals(logs.map(({ severity, body }) => [severity, body]), [
    ["info", "the answer: welcome\n"],
    ["error", "that was all\n"],
  ]);
  assert(logs.every(({ elapsedMs }) => elapsedMs >= client.startMs));
  assert(records.some((record) => record.type === "metric" && record.node === "server"));
});

Deno.test("OpenTelemetry's SDK sends Protocol Buffers to the node's endpoint", async () => {
  const { records } = await recorded(async (lab) => {
    const { laptop } = await pair(lab);
    const { code, stderr } = await laptop.command(Deno.execPath(), {
      args: denoRun(fixture("sdk.ts")),
      env: { OTEL_DENO: "false" },
    }).output();
    assertEquals(code, 0, text(stderr));
  });
  assertEquals(records.length, 1);
  const [span] = records as SpanRecord[];
  const { type, node, service, scope, name, status, statusMessage, attributes, events } = span;
  assertEquals([type, node, service, scope, name], ["span", "laptop", "laptop", "fixture", "dial"]);
  assertEquals([status, statusMessage], ["error", "no route"]);
  assertEquals(attributes, { peer: "198.18.0.1", attempts: 3 });
  assertEquals(events?.map((event) => event.name), ["retry"]);
  assert(span.startMs > 0 && span.endMs >= span.startMs);
});

Deno.test("programs by any means, in any kind of node, reach the endpoint of their node", async () => {
  const { records } = await recorded(async (lab) => {
    const { dc, server, laptop } = await pair(lab);
    await laptop.interface("eth0").linkDown();
    for (const node of [dc, server, laptop, lab.ix]) {
      await post(node, { body: { stringValue: node.name } });
    }
    const log = (body: string) =>
      JSON.stringify({
        resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: body } }] }] }],
      });
    const script =
      `curl -sS --json "$1" $OTEL_EXPORTER_OTLP_ENDPOINT/v1/logs; echo " $OTEL_SERVICE_NAME"`;
    assertEquals(await laptop.$`sh -c ${script} sh ${log("shell")}`.text(), "{} laptop");
    const args = ["-c", script, "sh", log("run")];
    const said = await laptop.run(async (args) => {
      const { stdout } = await new Deno.Command("sh", { args }).output();
      return new TextDecoder().decode(stdout);
    }, args);
    assertEquals(said, "{} laptop\n");
  });
  assertEquals((records as LogRecord[]).map(({ node, body }) => [node, body]), [
    ["dc", "dc"],
    ["server", "server"],
    ["laptop", "laptop"],
    ["ix", "ix"],
    ["laptop", "shell"],
    ["laptop", "run"],
  ]);
});

Deno.test("the variables that a program has of its own stay", async () => {
  await recorded(async (lab) => {
    const { laptop } = await pair(lab);
    const ours = [
      "OTEL_DENO=true",
      "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:24318",
      "OTEL_EXPORTER_OTLP_PROTOCOL=http/json",
      "OTEL_SERVICE_NAME=laptop",
    ];
    assertEquals(await variablesOf(laptop), ours);
    assertEquals(await variablesOf(laptop, { env: { OTEL_SERVICE_NAME: "shop" } }), [
      ...ours.slice(0, 3),
      "OTEL_SERVICE_NAME=shop",
    ]);
    const OTEL_EXPORTER_OTLP_ENDPOINT = "http://198.18.0.9:4318";
    const own = ["OTEL_EXPORTER_OTLP_ENDPOINT=http://198.18.0.9:4318", "OTEL_SERVICE_NAME=laptop"];
    assertEquals(await variablesOf(laptop, { env: { OTEL_EXPORTER_OTLP_ENDPOINT } }), own);
    assertEquals(await variablesOf(laptop, { clearEnv: true }), [""]);
    const print = "env | grep ^OTEL_ | sort";
    assertEquals(await laptop.$`sh -c ${print}`.lines(), ours);
    const shop = await laptop.$`sh -c ${print}`.env({ OTEL_EXPORTER_OTLP_ENDPOINT }).lines();
    assertEquals(shop, own);
    // outputSync() blocks the thread of the server: a program that waits for it would never end.
    const sync = laptop.command("sh", { args: ["-c", print] }).outputSync();
    assertEquals(text(sync.stdout), "");
  });
});

Deno.test("a log record with an event name is a custom event too", async () => {
  const { custom, records } = await recorded(async (lab) => {
    const { laptop } = await pair(lab);
    await post(laptop, {
      eventName: "peer.connected",
      attributes: [{ key: "addr", value: { stringValue: "198.18.0.1" } }],
    });
  });
  assertEquals(custom, [["laptop", "peer.connected", { addr: "198.18.0.1" }]]);
  assertEquals(records.length, 1);
});

Deno.test("a program with the port keeps it, and an event says that the node has no endpoint", async () => {
  const { custom, records } = await recorded(async (lab) => {
    const { laptop, server } = await pair(lab);
    const listener = laptop.runSync(() =>
      Deno.listen({ hostname: "127.0.0.1", port: Number("24318") })
    );
    assertEquals(await variablesOf(laptop), [""]);
    assertEquals(await variablesOf(laptop), [""]);
    listener.close();
    await post(server, { body: { stringValue: "here" } });
  });
  assertEquals(custom.map(([node, name]) => [node, name]), [
    ["laptop", "netyard.telemetry-unavailable"],
  ]);
  assertEquals(records.map(({ node }) => node), ["server"]);
});

/** The table of TCP sockets of a node. A program that blocks this thread starts no endpoint. */
function sockets(node: Node): string {
  const { stdout } = node.command("cat", { args: ["/proc/self/net/tcp"] }).outputSync();
  return new TextDecoder().decode(stdout);
}

Deno.test("a node has its endpoint until it is removed; one of the same name has another", async () => {
  const { records } = await recorded(async (lab) => {
    const { dc, laptop } = await pair(lab);
    await post(laptop, { body: { stringValue: "first" } });
    await lab.remove(laptop);
    const again = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: dc } } });
    await post(again, { body: { stringValue: "second" } });
    const table = sockets(again);
    const port = ENDPOINT_PORT.toString(16).toUpperCase();
    assert(table.includes(`0100007F:${port} 00000000:0000 0A`), table);
    const idle = await lab.addDevice("idle", { interfaces: { eth0: { gateway: dc } } });
    const none = sockets(idle);
    assert(!none.includes(`:${port}`), "no program started there");
    assertNotEquals(again.ip, undefined);
  });
  assertEquals((records as LogRecord[]).map(({ body }) => body), ["first", "second"]);
});
