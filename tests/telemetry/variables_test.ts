import { assertEquals } from "@std/assert";
import { ENDPOINT_URL, telemetryVariables } from "../../lib/telemetry/variables.ts";

const variables = (given: Record<string, string>) =>
  telemetryVariables("laptop", (name) => given[name]);

const OURS = {
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:24318",
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  OTEL_DENO: "true",
  OTEL_SERVICE_NAME: "laptop",
};

Deno.test("a program is given the endpoint of its node and a name", () => {
  assertEquals(variables({ PATH: "/bin" }), OURS);
});

Deno.test("what a program has of its own stays", () => {
  const { OTEL_SERVICE_NAME, ...others } = OURS;
  assertEquals(variables({ OTEL_SERVICE_NAME: "shop" }), others);
  assertEquals(variables({ OTEL_RESOURCE_ATTRIBUTES: "a=b, service.name=shop" }), others);
  assertEquals(variables({ OTEL_RESOURCE_ATTRIBUTES: "my.service.name=x" }), OURS);
  assertEquals(variables({ OTEL_DENO: "false", OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" }), {
    OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT_URL,
    OTEL_SERVICE_NAME,
  });
});

Deno.test("a program that sends elsewhere gets a name alone", () => {
  const named = { OTEL_SERVICE_NAME: "laptop" };
  assertEquals(variables({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://198.18.0.9:4318" }), named);
  assertEquals(variables({ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }), named);
});

Deno.test("what another lab gave is replaced: its endpoint is in another node", () => {
  assertEquals(variables({ ...OURS, OTEL_SERVICE_NAME: "outer" }), OURS);
});
