import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  EVENT_VERSION,
  EventFormatError,
  type LabEvent,
  parseEvent,
  parseState,
} from "../../lib/events/mod.ts";
import { EVENTS } from "../../lib/events/kinds/mod.ts";
import { storyBus } from "./story.ts";

const stamp = { version: EVENT_VERSION, seq: 0, at: "2026-01-02T03:04:05.678Z", elapsedMs: 0 };

function refusal(value: unknown): string {
  return assertThrows(() => parseEvent(value), EventFormatError).message;
}

Deno.test("the story has every kind of event, and each survives a round trip through JSON", () => {
  const events = storyBus().history;
  const seen = new Set(events.map((event) => event.kind));
  assertEquals([...seen].sort(), Object.keys(EVENTS).sort());
  for (const event of events) {
    const copy = JSON.parse(JSON.stringify(event));
    assertEquals(parseEvent(copy), event);
  }
});

Deno.test("a state survives a round trip through JSON", () => {
  const { state } = storyBus();
  const copy = JSON.parse(JSON.stringify(state));
  assertEquals(parseState(copy), state);
});

Deno.test("a state survives it with nodes named after properties of Object.prototype", () => {
  const state = structuredClone(storyBus().state);
  state.devices = { ["constructor"]: { ...state.devices.laptop, name: "constructor" } };
  assertEquals(parseState(JSON.parse(JSON.stringify(state))), state);
});

Deno.test("an unknown kind is refused, with the list of kinds", () => {
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

Deno.test("a value that is not an object is refused", () => {
  for (const value of [null, 1, "x", []]) {
    assertEquals(refusal(value), "this event: not a JSON object");
  }
});

Deno.test("data that JSON cannot express is refused", () => {
  for (const data of [undefined, 1n, () => 1]) {
    assertStringIncludes(
      refusal({ ...stamp, kind: "custom", node: null, name: "x", data }),
      "data",
    );
  }
});
