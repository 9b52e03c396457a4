import { assertEquals } from "@std/assert";
import { saidByOrdinaryUser } from "../native/ordinary_script.ts";

const SCRIPT = `
import "@netyard/netyard/rootless";
import { Lab, readRun, readTelemetry } from "@netyard/netyard";
const directory = await Deno.makeTempDir();
const lab = await Lab.create({ outDir: { exact: directory } });
const home = await lab.addRouter("home", { preset: "home" });
const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
const request = JSON.stringify({
  resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "hello" } }] }] }],
});
const line = 'curl -sS --json "$1" $OTEL_EXPORTER_OTLP_ENDPOINT/v1/logs >&2; echo "$2"';
const args = ["-c", line, "sh", request, '{"event":"Sent"}'];
await laptop.command("sh", { args }).output();
await laptop.$\`sh \${args}\`.text();
await lab.close();
const { events } = await readRun(directory);
const { records } = await readTelemetry(directory);
console.log("SAID " + JSON.stringify({
  custom: events.filter((e) => e.kind === "custom").map((e) => e.node + " " + e.name),
  bodies: records.map((record) => record.node + " " + record.body),
}));
`;

Deno.test("an ordinary user has events and telemetry of programs", async () => {
  assertEquals(await saidByOrdinaryUser(SCRIPT), {
    custom: ["laptop Sent", "laptop Sent"],
    bodies: ["laptop hello", "laptop hello"],
  });
});
