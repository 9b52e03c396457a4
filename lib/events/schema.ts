import { z } from "zod";
import { EventFormatError } from "./errors.ts";
import {
  type DeviceState,
  EVENT_VERSION,
  type InterfaceState,
  type LabEvent,
  type LabState,
  type RegionLinkState,
  type RegionState,
  type RouterState,
  type VmMachineState,
} from "./types.ts";
import type { BridgeImpairmentState, BridgeRulesState, BridgeState } from "./bridge_types.ts";

const json: z.ZodType<unknown> = z.json();
const modeOrConfig: z.ZodType<string | object> = z.union([z.string(), z.record(z.string(), json)]);
const index = z.int().min(0);
const text = z.string();
const nullableText = z.string().nullable();

const brokenObject = z.strictObject({ ipv4: text.optional(), ipv6: text.optional() });

const interfaceObject = z.strictObject({
  name: text,
  ip: text.optional(),
  prefix: index.optional(),
  ip6: text.optional(),
  prefix6: index.optional(),
  linkLocal6: text.optional(),
  addresses: z.array(z.strictObject({ ip: text, prefix: index })).optional(),
  mac: text,
  mtu: index,
  gateway: nullableText,
  up: z.boolean(),
  condition: json.optional(),
  brokenFamilies: brokenObject.optional(),
});

const impairment = { latencyMs: z.number(), dropRatePct: z.number(), bandwidthBps: z.number() };
const impairmentObject = z.strictObject(impairment);
const way = { from: text, to: text };

const partitionsObject = z.strictObject({
  pairs: z.array(z.strictObject({ a: text, b: text })),
  oneWay: z.array(z.strictObject(way)),
  all: z.boolean(),
  isolated: z.array(text),
});

const impairmentsObject = z.strictObject({
  ...impairment,
  oneWay: z.array(z.strictObject({ ...impairment, ...way })),
});

const families = { ipv4: z.boolean(), ipv6: z.boolean() };

const bridgeRulesObject = z.strictObject({
  partitions: partitionsObject.optional(),
  impairments: impairmentsObject.optional(),
  routes: z.array(text).optional(),
  disconnected: z.array(text).optional(),
  uplink: z.strictObject(families).optional(),
});

const bridgeObject = z.strictObject({
  name: text,
  cidr: text,
  gateway: text,
  cidr6: text,
  gateway6: text,
  rules: bridgeRulesObject.optional(),
});

const advertisement = { enabled: z.boolean(), intervalSecs: index, lifetimeSecs: index };

const routerObject = z.strictObject({
  name: text,
  preset: text.optional(),
  nat: modeOrConfig,
  natV6: text,
  externalCidr6: text.optional(),
  firewall: modeOrConfig,
  ipSupport: text,
  upstream: nullableText,
  region: nullableText,
  mtu: index,
  downlinkCondition: json.optional(),
  blockIcmpFragNeeded: z.boolean().optional(),
  routerAdvertisement: z.strictObject(advertisement).optional(),
  brokenFamilies: brokenObject.optional(),
  uplinkIp: text.optional(),
  uplinkIp6: text.optional(),
  downstreamCidr: text.optional(),
  downstreamGateway: text.optional(),
  downstreamCidr6: text.optional(),
  downstreamGateway6: text.optional(),
  delegatedPrefix: text.optional(),
  rules: bridgeRulesObject.optional(),
  interfaces: z.array(interfaceObject),
});

const deviceObject = z.strictObject({
  name: text,
  mtu: index,
  defaultInterface: nullableText,
  interfaces: z.array(interfaceObject),
});

const vmStateName = z.enum([
  "defined",
  "booting",
  "running",
  "paused",
  "stopping",
  "stopped",
  "failed",
  "removed",
]);

const vmObject = z.strictObject({
  ...deviceObject.shape,
  profile: text,
  memoryBytes: index,
  cpus: index,
  state: vmStateName,
});

const regionObject = z.strictObject({
  name: text,
  node: text,
  cidr: text,
  ip: text,
  cidr6: text,
  ip6: text,
});

const limitsObject = z.strictObject({
  latencyMs: z.number().min(0).optional(),
  jitterMs: z.number().min(0).optional(),
  lossPct: z.number().min(0).max(100).optional(),
  rateKbit: z.number().min(0).optional(),
});

const onRegionLink = { a: text, b: text };

const regionLinkObject = z.strictObject({ ...onRegionLink, link: limitsObject, up: z.boolean() });

const onInterface = { node: text, name: text };
const socket = { node: text, ip: text, port: z.int().min(0).max(65_535) };

function event<const K extends string, Body extends z.ZodRawShape>(kind: K, body: Body) {
  return z.strictObject({
    version: z.literal(EVENT_VERSION),
    seq: index,
    at: z.iso.datetime(),
    elapsedMs: z.number().min(0),
    kind: z.literal(kind),
    ...body,
  });
}

const eventUnion = z.discriminatedUnion("kind", [
  event("lab-created", { label: text, seed: z.number().optional() }),
  event("lab-closed", {}),
  event("router-added", { name: text, router: routerObject }),
  event("router-removed", { name: text }),
  event("region-added", { name: text, region: regionObject }),
  event("region-removed", { name: text }),
  event("region-linked", { ...onRegionLink, link: limitsObject }),
  event("region-unlinked", onRegionLink),
  event("region-link-broken", onRegionLink),
  event("region-link-restored", onRegionLink),
  event("device-added", { name: text, device: deviceObject }),
  event("device-removed", { name: text }),
  event("vm-added", { name: text, vm: vmObject }),
  event("vm-removed", { name: text }),
  event("vm-state-changed", { name: text, state: vmStateName, why: nullableText }),
  event("bridge-added", { name: text, bridge: bridgeObject }),
  event("bridge-removed", { name: text }),
  event("member-attached", { bridge: text, member: text, interface: text }),
  event("member-detached", { bridge: text, member: text, interface: text }),
  event("member-disconnected", { bridge: text, member: text }),
  event("member-reconnected", { bridge: text, member: text }),
  event("bridge-partitions-changed", { bridge: text, partitions: partitionsObject }),
  event("bridge-impairments-changed", { bridge: text, impairments: impairmentsObject }),
  event("bridges-routed", { a: text, b: text }),
  event("bridges-unrouted", { a: text, b: text }),
  event("uplink-enabled", { bridge: text, ...families }),
  event("uplink-disabled", { bridge: text }),
  event("interface-added", { node: text, interface: interfaceObject }),
  event("interface-removed", onInterface),
  event("interface-replugged", { ...onInterface, gateway: text, interface: interfaceObject }),
  event("interface-changed", { ...onInterface, interface: interfaceObject }),
  event("link-down", onInterface),
  event("link-up", onInterface),
  event("default-route-changed", onInterface),
  event("nat-changed", { router: text, nat: modeOrConfig }),
  event("nat-v6-changed", { router: text, natV6: text, externalCidr6: text.optional() }),
  event("nat-flushed", { router: text }),
  event("prefix-delegated", {
    router: text,
    prefix: nullableText,
    former: nullableText,
    downstreamCidr6: nullableText,
    downstreamGateway6: nullableText,
  }),
  event("firewall-changed", { router: text, firewall: modeOrConfig }),
  event("ra-changed", { router: text, ...advertisement }),
  event("icmp-frag-needed-blocked", { router: text, blocked: z.boolean() }),
  event("family-broken", {
    node: text,
    name: nullableText,
    family: z.enum(["ipv4", "ipv6"]),
    how: nullableText,
  }),
  event("condition-changed", {
    ...onInterface,
    direction: z.enum(["both", "up", "down"]),
    condition: json,
  }),
  event("downlink-condition-changed", { router: text, condition: json }),
  event("link-engine-failed", { error: text, ends: z.array(text) }),
  event("translation-failed", { error: text, nodes: z.array(text) }),
  event("fault-injected", { id: text, fault: z.record(z.string(), json) }),
  event("fault-healed", { id: text }),
  event("fault-failed", { id: text, error: text }),
  event("schedule-step", {
    schedule: text,
    step: index,
    action: json,
    askedMs: z.number().min(0),
    actualMs: z.number().min(0),
    error: nullableText,
  }),
  event("dns-entry", { node: nullableText, name: text, ip: text }),
  event("nameserver-changed", { ip: text }),
  event("command-started", { node: text, id: text, argv: z.array(text) }),
  event("command-ended", { node: text, id: text, code: z.int(), signal: nullableText }),
  event("task-started", { node: text, id: text, module: text }),
  event("task-ended", { node: text, id: text, error: nullableText }),
  event("thread-failed", { node: text, error: text }),
  event("reflector-started", socket),
  event("reflector-stopped", socket),
  event("custom", { node: nullableText, name: text, data: json }),
]);

const dnsTable = z.record(text, z.array(text));

const stateObject = z.strictObject({
  version: z.literal(EVENT_VERSION),
  label: text,
  seed: z.number().optional(),
  startedAt: text,
  closedAt: text.optional(),
  routers: z.record(text, routerObject),
  devices: z.record(text, deviceObject),
  vms: z.record(text, vmObject).optional(),
  bridges: z.record(text, bridgeObject).optional(),
  regions: z.record(text, regionObject),
  regionLinks: z.record(text, regionLinkObject),
  dns: z.strictObject({ lab: dnsTable, nodes: z.record(text, dnsTable) }),
  nameserver: text.optional(),
  running: z.record(text, z.strictObject({ node: text, argv: z.array(text) })),
  faults: z.record(text, z.record(z.string(), json)).optional(),
  lastSeq: z.int().min(-1),
});

// The types are written by hand, for JSR and for their documentation; these lines fail to
// compile where a schema says more, less, or something else.
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
type Holds<T extends true> = T;
type Flat<T> = T extends unknown ? { [K in keyof T]: T[K] } : never;
type _Interface = Holds<Same<z.infer<typeof interfaceObject>, InterfaceState>>;
type _Router = Holds<Same<z.infer<typeof routerObject>, RouterState>>;
type _Device = Holds<Same<z.infer<typeof deviceObject>, DeviceState>>;
type _Vm = Holds<Same<z.infer<typeof vmObject>, Flat<VmMachineState>>>;
type _Impairment = Holds<Same<z.infer<typeof impairmentObject>, BridgeImpairmentState>>;
type _Rules = Holds<Same<z.infer<typeof bridgeRulesObject>, BridgeRulesState>>;
type _Bridge = Holds<Same<z.infer<typeof bridgeObject>, BridgeState>>;
type _Region = Holds<Same<z.infer<typeof regionObject>, RegionState>>;
type _RegionLink = Holds<Same<z.infer<typeof regionLinkObject>, RegionLinkState>>;
type _Event = Holds<Same<z.infer<typeof eventUnion>, Flat<LabEvent>>>;
type _State = Holds<Same<z.infer<typeof stateObject>, LabState>>;

/** The schema of {@linkcode InterfaceState}. Unknown keys are refused. */
export const interfaceStateSchema: z.ZodType<InterfaceState> = interfaceObject;

/** The schema of {@linkcode RouterState}. Unknown keys are refused. */
export const routerStateSchema: z.ZodType<RouterState> = routerObject;

/** The schema of {@linkcode DeviceState}. Unknown keys are refused. */
export const deviceStateSchema: z.ZodType<DeviceState> = deviceObject;

/** The schema of {@linkcode VmMachineState}. Unknown keys are refused. */
export const vmStateSchema: z.ZodType<VmMachineState> = vmObject;

/** The schema of {@linkcode BridgeState}. Unknown keys are refused. */
export const bridgeStateSchema: z.ZodType<BridgeState> = bridgeObject;

/** The schema of {@linkcode RegionState}. Unknown keys are refused. */
export const regionStateSchema: z.ZodType<RegionState> = regionObject;

/** The schema of {@linkcode RegionLinkState}. Unknown keys are refused. */
export const regionLinkStateSchema: z.ZodType<RegionLinkState> = regionLinkObject;

/**
 * The schema of {@linkcode LabEvent}, shared by all who write and read events. Unknown kinds and
 * unknown keys are refused. {@linkcode parseEvent} says more clearly what is wrong.
 */
export const labEventSchema: z.ZodType<LabEvent> = eventUnion;

/** The schema of {@linkcode LabState}, which is what `state.json` holds. */
export const labStateSchema: z.ZodType<LabState> = stateObject;

const KINDS = eventUnion.options.map((option) => option.shape.kind.value);

/**
 * Checks that a value, say of a line of `events.jsonl`, is an event.
 *
 * @param value the parsed JSON
 * @param where what the error calls it, such as a file and line; default `"this event"`
 * @throws {EventFormatError} another version, an unknown kind, or fields that do not fit
 *
 * @example
 * ```ts
 * import { parseEvent } from "@netyard/netyard";
 *
 * const event = parseEvent(JSON.parse(
 *   '{"version":1,"seq":0,"at":"2026-01-02T03:04:05.678Z","elapsedMs":0,"kind":"lab-created","label":"a"}',
 * ));
 * if (event.kind === "lab-created") console.log(event.label);
 * ```
 */
export function parseEvent(value: unknown, where = "this event"): LabEvent {
  return checked(eventUnion, value, where, (found) => {
    const kind = found.kind;
    if ((KINDS as unknown[]).includes(kind)) return;
    throw new EventFormatError(
      `${where}: unknown kind ${JSON.stringify(kind)}; an event of version ${EVENT_VERSION} ` +
        `is one of ${KINDS.join(", ")}`,
    );
  });
}

/**
 * Checks that a value, say of `state.json`, is a lab's state.
 *
 * @param value the parsed JSON
 * @param where what the error calls it; default `"this state"`
 * @throws {EventFormatError} another version, or fields that do not fit
 *
 * @example
 * ```ts
 * import { initialState, parseState } from "@netyard/netyard";
 *
 * const text = JSON.stringify(initialState());
 * console.log(Object.keys(parseState(JSON.parse(text), "state.json").routers));
 * ```
 */
export function parseState(value: unknown, where = "this state"): LabState {
  return checked(stateObject, value, where, () => {});
}

function checked<T>(
  schema: z.ZodType<T>,
  value: unknown,
  where: string,
  first: (found: Record<string, unknown>) => void,
): T {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new EventFormatError(`${where}: not a JSON object`);
  }
  const found = value as Record<string, unknown>;
  if (found.version !== EVENT_VERSION) {
    const version = found.version === undefined
      ? "no version"
      : `version ${JSON.stringify(found.version)}`;
    throw new EventFormatError(
      `${where}: ${version}, but this Netyard reads version ${EVENT_VERSION}; ` +
        "read it with the Netyard that wrote it, or a later one",
    );
  }
  first(found);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) =>
    `${issue.path.length ? issue.path.join(".") + ": " : ""}${issue.message}`
  );
  throw new EventFormatError(`${where}: ${faults.join("; ")}`, { cause: result.error });
}
