/** The address at which a node reaches its own endpoint: no network is needed, whatever its links do. */
export const ENDPOINT_IP = "127.0.0.1";

/**
 * The port of the endpoint. Not 4318, the usual one, so that a node can have a collector of the user's;
 * and below 32,768, so that the kernel gives it to no client.
 */
export const ENDPOINT_PORT = 24_318;

/** The base of the addresses to which programs in a node send telemetry. */
export const ENDPOINT_URL = `http://${ENDPOINT_IP}:${ENDPOINT_PORT}`;

const ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL";
const SERVICE = "OTEL_SERVICE_NAME";
const RESOURCE = "OTEL_RESOURCE_ATTRIBUTES";
const DENO = "OTEL_DENO";

/**
 * The variables that make a program send telemetry to the endpoint of its node; programs without an SDK
 * of OpenTelemetry ignore them. What the program is given otherwise stays: one with an endpoint of its
 * own, or with a protocol that is not HTTP, gets only a service name.
 *
 * @param node the name of the node
 * @param given what the program has otherwise, by the name of a variable
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(telemetryVariables("laptop", () => undefined), {
 *   OTEL_SERVICE_NAME: "laptop",
 *   OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:24318",
 *   OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
 *   OTEL_DENO: "true",
 * });
 * ```
 */
export function telemetryVariables(
  node: string,
  given: (name: string) => string | undefined,
): Record<string, string> {
  const ours = {
    [SERVICE]: node,
    [ENDPOINT]: ENDPOINT_URL,
    [PROTOCOL]: "http/json",
    [DENO]: "true",
  };
  // Those of another lab, in a node of which this one runs; its endpoint is not that of this node.
  if (given(ENDPOINT) === ENDPOINT_URL) return ours;
  const wanted: Record<string, string> = {};
  const set = (...names: (keyof typeof ours)[]) => {
    for (const name of names) if (given(name) === undefined) wanted[name] = ours[name];
  };
  if (!/(?:^|,)\s*service\.name\s*=/.test(given(RESOURCE) ?? "")) set(SERVICE);
  const sendsElsewhere = given(ENDPOINT) !== undefined ||
    !(given(PROTOCOL) ?? "http/").startsWith("http/");
  if (!sendsElsewhere) set(ENDPOINT, PROTOCOL, DENO);
  return wanted;
}

/** Whether the variables of a program name the endpoint of its node. */
export function usesEndpoint(variables: Record<string, string>): boolean {
  return variables[ENDPOINT] === ENDPOINT_URL;
}
