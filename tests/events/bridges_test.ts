import { assertEquals, assertThrows } from "@std/assert";
import { EventConflictError, type LabEventBody, parseState } from "../../lib/events/mod.ts";
import { bridgeState, next, storyBus } from "./story.ts";

const story = () => storyBus().state;
const none = { pairs: [], oneWay: [], all: false, isolated: [] };
const fine = { latencyMs: 0, dropRatePct: 0, bandwidthBps: 0, oneWay: [] };

Deno.test("a state has the rules of bridges and of routers' LANs", () => {
  const { bridges, routers } = story();
  assertEquals(Object.keys(bridges ?? {}), ["rack"]);
  assertEquals(bridges!.rack.rules?.partitions?.isolated, ["phone"]);
  assertEquals(bridges!.rack.rules?.routes, ["home"]);
  assertEquals(routers.home.rules?.routes, ["rack"]);
  assertEquals(routers.home.rules?.impairments?.bandwidthBps, 1_000_000);
});

Deno.test("removed rules and bridges are not in the state", () => {
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

Deno.test("a disconnected member is in the state until it is reconnected or detached", () => {
  const cable = { bridge: "rack", member: "laptop" };
  const pulled = next(story(), { kind: "member-disconnected", ...cable });
  assertEquals(pulled.bridges!.rack.rules?.disconnected, ["laptop"]);
  assertEquals(parseState(JSON.parse(JSON.stringify(pulled))), pulled);
  const back = next(pulled, { kind: "member-reconnected", ...cable });
  assertEquals(back.bridges!.rack.rules?.disconnected, undefined);
  const gone = next(pulled, { kind: "member-detached", ...cable, interface: "eth1" });
  assertEquals(gone.bridges!.rack.rules?.disconnected, undefined);
});

Deno.test("an uplink is in the state with its families until it is removed", () => {
  const up = next(story(), { kind: "uplink-enabled", bridge: "rack", ipv4: true, ipv6: false });
  assertEquals(up.bridges!.rack.rules?.uplink, { ipv4: true, ipv6: false });
  assertEquals(parseState(JSON.parse(JSON.stringify(up))), up);
  const down = next(up, { kind: "uplink-disabled", bridge: "rack" });
  assertEquals(down.bridges, story().bridges);
});

Deno.test("a route to an unknown bridge leaves both ends unchanged", () => {
  const bus = storyBus();
  const before = structuredClone(bus.state);
  assertThrows(
    () => bus.emit({ kind: "bridges-routed", a: "rack", b: "attic" }),
    EventConflictError,
    'there is no bridge or router "attic"',
  );
  assertEquals(bus.state, before);
});

Deno.test("a failure of the link engine removes the impairments of bridges and no other rules", () => {
  const state = next(story(), { kind: "link-engine-failed", error: "it ended", ends: [] });
  assertEquals(state.routers.home.rules, { routes: ["rack"] });
  assertEquals(state.bridges!.rack.rules?.partitions?.isolated, ["phone"]);
});

Deno.test("an event about an unknown bridge, or adding an existing one, is refused", () => {
  const refused = (body: LabEventBody, why: string) => {
    assertThrows(() => next(story(), body), EventConflictError, why);
  };
  refused({ kind: "bridge-removed", name: "lan" }, 'there is no bridge "lan"');
  refused({ kind: "bridge-partitions-changed", bridge: "lan", partitions: none }, '"lan"');
  refused({ kind: "bridge-added", name: "rack", bridge: bridgeState("rack", 9) }, "already");
  refused({ kind: "bridge-added", name: "home", bridge: bridgeState("home", 9) }, "already");
  refused({ kind: "bridges-routed", a: "rack", b: "laptop" }, 'no bridge or router "laptop"');
});
