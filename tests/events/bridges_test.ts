import { assertEquals, assertThrows } from "@std/assert";
import {
  EventConflictError,
  type LabEventBody,
  type LabState,
  parseState,
  reduce,
} from "../../lib/events/mod.ts";
import { bridgeState, storyBus } from "./story.ts";

const AT = "2026-01-02T03:04:05.678Z";

function next(state: LabState, ...bodies: LabEventBody[]): LabState {
  return bodies.reduce(
    (before, body) =>
      reduce(before, { version: 1, seq: before.lastSeq + 1, at: AT, elapsedMs: 1, ...body }),
    state,
  );
}

const story = () => storyBus().state;
const none = { pairs: [], oneWay: [], all: false, isolated: [] };
const fine = { latencyMs: 0, dropRatePct: 0, bandwidthBps: 0, oneWay: [] };

Deno.test("a state says what was asked of bridges, and of routers' LANs", () => {
  const { bridges, routers } = story();
  assertEquals(Object.keys(bridges ?? {}), ["rack"]);
  assertEquals(bridges!.rack.rules?.partitions?.isolated, ["phone"]);
  assertEquals(bridges!.rack.rules?.routes, ["home"]);
  assertEquals(routers.home.rules?.routes, ["rack"]);
  assertEquals(routers.home.rules?.impairments?.bandwidthBps, 1_000_000);
});

Deno.test("what is taken back is not in the state any more", () => {
  const state = next(
    story(),
    { kind: "bridge-partitions-changed", bridge: "rack", partitions: none },
    { kind: "bridge-impairments-changed", bridge: "home", impairments: fine },
    { kind: "bridges-unrouted", a: "home", b: "rack" },
  );
  assertEquals(state.bridges, { rack: bridgeState("rack", 7) });
  assertEquals("rules" in state.routers.home, false);
  assertEquals(next(state, { kind: "bridge-removed", name: "rack" }).bridges, undefined);
});

Deno.test("a pulled cable is in the state until it is back, or the member gone", () => {
  const cable = { bridge: "rack", member: "laptop" };
  const pulled = next(story(), { kind: "member-disconnected", ...cable });
  assertEquals(pulled.bridges!.rack.rules?.disconnected, ["laptop"]);
  assertEquals(parseState(JSON.parse(JSON.stringify(pulled))), pulled);
  const back = next(pulled, { kind: "member-reconnected", ...cable });
  assertEquals(back.bridges!.rack.rules?.disconnected, undefined);
  const gone = next(pulled, { kind: "member-detached", ...cable, interface: "eth1" });
  assertEquals(gone.bridges!.rack.rules?.disconnected, undefined);
});

Deno.test("a bridge that is led out says by which families, until it is not", () => {
  const up = next(story(), { kind: "uplink-enabled", bridge: "rack", ipv4: true, ipv6: false });
  assertEquals(up.bridges!.rack.rules?.uplink, { ipv4: true, ipv6: false });
  assertEquals(parseState(JSON.parse(JSON.stringify(up))), up);
  const down = next(up, { kind: "uplink-disabled", bridge: "rack" });
  assertEquals(down.bridges, story().bridges);
});

Deno.test("a route to a bridge that is not there leaves both ends unchanged", () => {
  const bus = storyBus();
  const before = structuredClone(bus.state);
  assertThrows(
    () => bus.emit({ kind: "bridges-routed", a: "rack", b: "attic" }),
    EventConflictError,
    'there is no bridge or router "attic"',
  );
  assertEquals(bus.state, before);
});

Deno.test("with the link engine the impairments of bridges are gone, and nothing else", () => {
  const state = next(story(), { kind: "link-engine-failed", error: "it ended", ends: [] });
  assertEquals(state.routers.home.rules, { routes: ["rack"] });
  assertEquals(state.bridges!.rack.rules?.partitions?.isolated, ["phone"]);
});

Deno.test("an event of a bridge that is not there, or is twice, is refused", () => {
  const refused = (body: LabEventBody, why: string) => {
    assertThrows(() => next(story(), body), EventConflictError, why);
  };
  refused({ kind: "bridge-removed", name: "lan" }, 'there is no bridge "lan"');
  refused({ kind: "bridge-partitions-changed", bridge: "lan", partitions: none }, '"lan"');
  refused({ kind: "bridge-added", name: "rack", bridge: bridgeState("rack", 9) }, "already");
  refused({ kind: "bridge-added", name: "home", bridge: bridgeState("home", 9) }, "already");
  refused({ kind: "bridges-routed", a: "rack", b: "laptop" }, 'no bridge or router "laptop"');
});
