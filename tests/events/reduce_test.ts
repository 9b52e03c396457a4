import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  EventConflictError,
  initialState,
  type LabEvent,
  type LabEventBody,
  type LabState,
  reduce,
  reduceAll,
} from "../../lib/events/mod.ts";
import { AT, next, storyBus } from "./story.ts";

const eth0 = { name: "eth0", mac: "02:00:00:00:00:02", mtu: 1500, gateway: "home", up: true };
const home = {
  name: "home",
  nat: "home",
  natV6: "none",
  firewall: "none",
  ipSupport: "v4-only",
  upstream: null,
  region: null,
  mtu: 1500,
  interfaces: [],
};
const laptop = { name: "laptop", mtu: 1500, defaultInterface: "eth0", interfaces: [eth0] };

/** laptop (eth0) — home */
function small(): LabState {
  return next(
    initialState(),
    { kind: "lab-created", label: "small" },
    { kind: "router-added", name: "home", router: home },
    { kind: "device-added", name: "laptop", device: laptop },
  );
}

function eth0After(...bodies: LabEventBody[]): unknown {
  return next(small(), ...bodies).devices.laptop.interfaces[0];
}

function refused(body: LabEventBody, why: string): void {
  const state = small();
  const before = structuredClone(state);
  assertThrows(() => next(state, body), EventConflictError, why);
  assertEquals(state, before);
}

Deno.test("events add routers and devices to a lab", () => {
  assertEquals(small(), {
    version: 1,
    label: "small",
    startedAt: AT,
    routers: { home },
    devices: { laptop },
    regions: {},
    regionLinks: {},
    dns: { lab: {}, nodes: {} },
    running: {},
    lastSeq: 2,
  });
});

Deno.test("an event leaves the earlier state unchanged, and shares the unchanged parts", () => {
  let state = initialState();
  for (const event of storyBus().history) {
    const before = structuredClone(state);
    const after = reduce(state, event);
    assertEquals(state, before);
    state = after;
  }
  const before = small();
  const after = next(before, { kind: "link-down", node: "laptop", name: "eth0" });
  assertStrictEquals(after.routers.home, before.routers.home);
  assert(before.devices.laptop.interfaces[0].up);
});

Deno.test("reduceAll gives the same state as reducing one by one", () => {
  const events = storyBus().history;
  assertEquals(reduceAll(events), events.reduce(reduce, initialState()));
});

Deno.test("links go down and up, and interfaces move and change", () => {
  const down: LabEventBody = { kind: "link-down", node: "laptop", name: "eth0" };
  assertEquals(eth0After(down), { ...eth0, up: false });
  assertEquals(eth0After(down, { kind: "link-up", node: "laptop", name: "eth0" }), eth0);
  const moved = { ...eth0, ip: "10.0.0.9", prefix: 24 };
  assertEquals(
    eth0After({
      kind: "interface-replugged",
      node: "laptop",
      name: "eth0",
      gateway: "home",
      interface: moved,
    }),
    moved,
  );
  assertEquals(
    eth0After({ kind: "interface-changed", node: "laptop", name: "eth0", interface: moved }),
    moved,
  );
});

Deno.test("a condition applies to both directions until one is set separately", () => {
  const set = (direction: "both" | "up" | "down", condition: unknown): LabEventBody => ({
    kind: "condition-changed",
    node: "laptop",
    name: "eth0",
    direction,
    condition,
  });
  const slow = { latencyMs: 100 };
  assertEquals(eth0After(set("both", "wifi")), { ...eth0, condition: "wifi" });
  assertEquals(eth0After(set("both", "wifi"), set("both", null)), eth0);
  assertEquals(eth0After(set("up", slow)), { ...eth0, condition: { up: slow, down: null } });
  assertEquals(eth0After(set("both", "wifi"), set("down", slow)), {
    ...eth0,
    condition: { up: "wifi", down: slow },
  });
  // As for a reader of the log: an equal condition that is another object.
  assertEquals(eth0After(set("both", "wifi"), set("down", slow), set("up", { ...slow })), {
    ...eth0,
    condition: slow,
  });
  assertEquals(eth0After(set("up", slow), set("up", null)), eth0);
});

Deno.test("a failure of the link engine removes all conditions", () => {
  const set: LabEventBody = {
    kind: "condition-changed",
    node: "laptop",
    name: "eth0",
    direction: "both",
    condition: "wifi",
  };
  const downlink: LabEventBody = {
    kind: "downlink-condition-changed",
    router: "home",
    condition: { lossPct: 1 },
  };
  const region = (name: string): LabEventBody => ({
    kind: "region-added",
    name,
    region: { name, cidr: "198.18.16.0/20" },
  } as unknown as LabEventBody);
  const linked: LabEventBody = { kind: "region-linked", a: "eu", b: "us", link: { latencyMs: 40 } };
  const before = next(small(), set, downlink, region("eu"), region("us"), linked);
  assertEquals(before.regionLinks["eu us"].link, { latencyMs: 40 });
  assertEquals(before.routers.home.downlinkCondition, { lossPct: 1 });
  assertEquals(before.devices.laptop.interfaces[0].condition, "wifi");
  const failed: LabEventBody = { kind: "link-engine-failed", error: "it ended", ends: [] };
  const after = next(before, failed);
  assertEquals(after.routers.home, small().routers.home);
  assertEquals(after.devices.laptop, small().devices.laptop);
  assertEquals(after.regionLinks["eu us"], { a: "eu", b: "us", link: {}, up: true });
  assertEquals(next(before, { ...downlink, condition: null }).routers, after.routers);
});

Deno.test("a fault is in the state until it is healed", () => {
  const fault = { kind: "link-down", node: "laptop", interface: "eth0" };
  const one = next(small(), { kind: "fault-injected", id: "f1", fault });
  const two = next(one, { kind: "fault-injected", id: "f2", fault });
  assertEquals(two.faults, { f1: fault, f2: fault });
  assertEquals(next(two, { kind: "fault-healed", id: "f1" }).faults, { f2: fault });
  assertEquals(next(one, { kind: "fault-healed", id: "f1" }).faults, undefined);
  assertEquals(one.faults, { f1: fault });
});

Deno.test("removing an interface removes its default route", () => {
  const state = next(small(), { kind: "interface-removed", node: "laptop", name: "eth0" });
  assertEquals(state.devices.laptop, { ...laptop, defaultInterface: null, interfaces: [] });
});

Deno.test("removing a node removes its DNS entries, and its commands remain until they end", () => {
  const state = next(
    small(),
    { kind: "dns-entry", node: "laptop", name: "a", ip: "10.0.0.1" },
    { kind: "dns-entry", node: null, name: "a", ip: "10.0.0.2" },
    { kind: "dns-entry", node: null, name: "a", ip: "10.0.0.2" },
    { kind: "command-started", node: "laptop", id: "c1", argv: ["true"] },
    { kind: "device-removed", name: "laptop" },
  );
  assertEquals(state.dns, { lab: { a: ["10.0.0.2"] }, nodes: {} });
  assertEquals(state.running, { c1: { node: "laptop", argv: ["true"] } });
  const ended = next(state, {
    kind: "command-ended",
    node: "laptop",
    id: "c1",
    code: 137,
    signal: "SIGKILL",
  });
  assertEquals(ended.running, {});
});

Deno.test("nodes may have the names of properties of Object.prototype", () => {
  const device = { ...laptop, name: "constructor" };
  const state = next(
    small(),
    { kind: "device-added", name: "constructor", device },
    { kind: "dns-entry", node: "constructor", name: "valueOf", ip: "10.0.0.1" },
  );
  assertEquals(Object.entries(state.devices), [["laptop", laptop], ["constructor", device]]);
  assertEquals(state.dns.nodes, { constructor: { valueOf: ["10.0.0.1"] } });
  refused({ kind: "device-removed", name: "constructor" }, 'there is no device "constructor"');
});

Deno.test("an event about an unknown node or interface is refused by name", () => {
  refused(
    { kind: "nat-flushed", router: "x" },
    'event 3 (nat-flushed) does not fit the lab: there is no router "x"',
  );
  refused({ kind: "nat-changed", router: "laptop", nat: "none" }, '"laptop" is a device');
  refused({ kind: "device-removed", name: "home" }, '"home" is a router');
  refused({ kind: "link-down", node: "x", name: "eth0" }, 'there is no router or device "x"');
  refused(
    { kind: "link-down", node: "laptop", name: "eth1" },
    'the node has no interface "eth1"; it has eth0',
  );
  refused({ kind: "default-route-changed", node: "laptop", name: "eth1" }, "eth1");
  refused({ kind: "dns-entry", node: "x", name: "a", ip: "10.0.0.1" }, 'there is no node "x"');
  refused({ kind: "command-started", node: "x", id: "1", argv: [] }, 'there is no node "x"');
  refused(
    { kind: "command-ended", node: "home", id: "1", code: 0, signal: null },
    "no command or module 1",
  );
  refused({ kind: "reflector-started", node: "x", ip: "::", port: 1 }, 'there is no node "x"');
  refused({ kind: "custom", node: "x", name: "y", data: 1 }, 'there is no node "x"');
  refused(
    { kind: "interface-replugged", node: "laptop", name: "eth0", gateway: "x", interface: eth0 },
    'there is no bridge or router "x"',
  );
});

Deno.test("an event that adds what exists is refused", () => {
  refused({ kind: "lab-created", label: "again" }, "the lab was created before");
  refused({ kind: "router-added", name: "home", router: home }, 'a router "home" already');
  refused(
    { kind: "router-added", name: "laptop", router: { ...home, name: "laptop" } },
    'a device "laptop" already',
  );
  refused({ kind: "interface-added", node: "laptop", interface: eth0 }, '"eth0" already');
  refused(
    { kind: "device-added", name: "phone", device: laptop },
    'it names "phone", but carries the state of "laptop"',
  );
});

Deno.test("an event out of order is refused", () => {
  const event: LabEvent = { version: 1, seq: 7, at: AT, elapsedMs: 1, kind: "lab-closed" };
  assertThrows(() => reduce(small(), event), EventConflictError, "event 3 must come next");
});
