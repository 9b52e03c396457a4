import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  EVENT_VERSION,
  EventFormatError,
  type EventKind,
  type LabEvent,
  parseEvent,
  parseState,
} from "../../lib/events/mod.ts";
import { storyBus } from "./story.ts";

// Typed by the kinds, so that a new one without a sample fails to compile here.
const KINDS: Record<EventKind, true> = {
  "lab-created": true,
  "lab-closed": true,
  "router-added": true,
  "router-removed": true,
  "region-added": true,
  "region-removed": true,
  "region-linked": true,
  "region-unlinked": true,
  "region-link-broken": true,
  "region-link-restored": true,
  "device-added": true,
  "device-removed": true,
  "vm-added": true,
  "vm-removed": true,
  "vm-state-changed": true,
  "bridge-added": true,
  "bridge-removed": true,
  "member-attached": true,
  "member-detached": true,
  "member-disconnected": true,
  "member-reconnected": true,
  "bridge-partitions-changed": true,
  "bridge-impairments-changed": true,
  "bridges-routed": true,
  "bridges-unrouted": true,
  "uplink-enabled": true,
  "uplink-disabled": true,
  "interface-added": true,
  "interface-removed": true,
  "interface-replugged": true,
  "interface-changed": true,
  "link-down": true,
  "link-up": true,
  "default-route-changed": true,
  "nat-changed": true,
  "nat-v6-changed": true,
  "nat-flushed": true,
  "prefix-delegated": true,
  "firewall-changed": true,
  "ra-changed": true,
  "icmp-frag-needed-blocked": true,
  "family-broken": true,
  "condition-changed": true,
  "downlink-condition-changed": true,
  "link-engine-failed": true,
  "translation-failed": true,
  "fault-injected": true,
  "fault-healed": true,
  "fault-failed": true,
  "schedule-step": true,
  "dns-entry": true,
  "nameserver-changed": true,
  "command-started": true,
  "task-started": true,
  "task-ended": true,
  "thread-failed": true,
  "command-ended": true,
  "reflector-started": true,
  "reflector-stopped": true,
  custom: true,
};

const stamp = { version: EVENT_VERSION, seq: 0, at: "2026-01-02T03:04:05.678Z", elapsedMs: 0 };

function refusal(value: unknown): string {
  return assertThrows(() => parseEvent(value), EventFormatError).message;
}

Deno.test("every kind of event comes back from JSON as it was", () => {
  const events = storyBus().history;
  const seen = new Set(events.map((event) => event.kind));
  assertEquals([...seen].sort(), Object.keys(KINDS).sort());
  for (const event of events) {
    const copy = JSON.parse(JSON.stringify(event));
    assertEquals(parseEvent(copy), event);
  }
});

Deno.test("a state comes back from JSON as it was", () => {
  const { state } = storyBus();
  const copy = JSON.parse(JSON.stringify(state));
  assertEquals(parseState(copy), state);
});

Deno.test("a state comes back with nodes named after what every object has", () => {
  const state = structuredClone(storyBus().state);
  state.devices = { ["constructor"]: { ...state.devices.laptop, name: "constructor" } };
  assertEquals(parseState(JSON.parse(JSON.stringify(state))), state);
});

Deno.test("an unknown kind is refused, with the kinds there are", () => {
  const message = refusal({ ...stamp, kind: "router-exploded" });
  assertStringIncludes(message, 'this event: unknown kind "router-exploded"');
  assertStringIncludes(message, "router-added");
});

Deno.test("another version is refused, with both versions and what to do", () => {
  assertEquals(
    refusal({ ...stamp, version: 2, kind: "lab-closed" }),
    "this event: version 2, but this Netyard reads version 1; read it with the Netyard that " +
      "wrote it, or a later one",
  );
  assertStringIncludes(refusal({ kind: "lab-closed" }), "no version");
  assertThrows(
    () => parseState({ ...storyBus().state, version: 9 }),
    EventFormatError,
    "this state: version 9",
  );
});

Deno.test("a field that does not fit is named", () => {
  const event = storyBus().history.find(({ kind }) => kind === "router-added") as LabEvent<
    "router-added"
  >;
  const wrong = { ...event, router: { ...event.router, mtu: "big" } };
  assertStringIncludes(refusal(wrong), "this event: router.mtu: ");
});

Deno.test("an unknown key is refused", () => {
  assertStringIncludes(refusal({ ...stamp, kind: "lab-closed", colour: "red" }), '"colour"');
});

Deno.test("what is no object is refused", () => {
  for (const value of [null, 1, "x", []]) {
    assertEquals(refusal(value), "this event: not a JSON object");
  }
});

Deno.test("data that JSON has no word for is refused", () => {
  for (const data of [undefined, 1n, () => 1]) {
    assertStringIncludes(
      refusal({ ...stamp, kind: "custom", node: null, name: "x", data }),
      "data",
    );
  }
});
