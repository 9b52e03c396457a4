import { assertEquals, assertThrows } from "@std/assert";
import { EventConflictError, initialState, type LabEventBody } from "../../lib/events/mod.ts";
import { next, regionState, storyBus } from "./story.ts";

const added = (name: string, n: number): LabEventBody => ({
  kind: "region-added",
  name,
  region: regionState(name, n),
});
const pair = { a: "eu", b: "us" };
const far = { latencyMs: 40 };

/** eu -- us */
const linked = () =>
  next(
    initialState(),
    { kind: "lab-created", label: "small" },
    added("eu", 1),
    added("us", 2),
    { kind: "region-linked", ...pair, link: far },
  );

const linksAfter = (...bodies: LabEventBody[]) => next(linked(), ...bodies).regionLinks;

function refused(body: LabEventBody, why: string): void {
  const state = linked();
  const before = structuredClone(state);
  assertThrows(() => next(state, body), EventConflictError, why);
  assertEquals(state, before);
}

Deno.test("regions and their links are added", () => {
  const { regions, regionLinks } = linked();
  assertEquals(regions, { eu: regionState("eu", 1), us: regionState("us", 2) });
  assertEquals(regionLinks, { "eu us": { ...pair, link: far, up: true } });
});

Deno.test("a link between regions breaks and is restored, and keeps a condition set in between", () => {
  const broken: LabEventBody = { kind: "region-link-broken", ...pair };
  const bad = { latencyMs: 40, jitterMs: 4, lossPct: 1 };
  const worse: LabEventBody = { kind: "region-linked", ...pair, link: bad };
  assertEquals(linksAfter(broken), { "eu us": { ...pair, link: far, up: false } });
  assertEquals(linksAfter(broken, worse), { "eu us": { ...pair, link: bad, up: false } });
  assertEquals(linksAfter(broken, worse, { kind: "region-link-restored", ...pair }), {
    "eu us": { ...pair, link: bad, up: true },
  });
  assertEquals(linksAfter({ kind: "region-unlinked", ...pair }), {});
});

Deno.test("removing a region removes its links", () => {
  const state = next(
    linked(),
    added("asia", 3),
    { kind: "region-linked", a: "asia", b: "us", link: {} },
    { kind: "region-removed", name: "eu" },
  );
  assertEquals(Object.keys(state.regions), ["us", "asia"]);
  assertEquals(Object.keys(state.regionLinks), ["asia us"]);
});

Deno.test("a router may have the name of a region, whose node has another name", () => {
  const state = storyBus().state;
  const router = { ...state.routers.home, name: "eu" };
  const both = next(linked(), { kind: "router-added", name: "eu", router });
  assertEquals([Object.keys(both.routers), Object.keys(both.regions)], [["eu"], ["eu", "us"]]);
  next(both, { kind: "command-started", node: "region-eu", id: "c1", argv: ["true"] });
  refused(
    { kind: "command-started", node: "region-asia", id: "c1", argv: ["true"] },
    'there is no node "region-asia"',
  );
  refused(
    { kind: "command-started", node: "eu", id: "c1", argv: ["true"] },
    'there is no node "eu"',
  );
});

Deno.test("an event about an unknown region or link is refused", () => {
  refused(added("eu", 3), 'there is a region "eu" already');
  refused(
    { kind: "region-added", name: "asia", region: regionState("us", 3) },
    'it names "asia", but carries the state of "us"',
  );
  refused({ kind: "region-removed", name: "asia" }, 'there is no region "asia"');
  refused({ kind: "region-removed", name: "constructor" }, 'there is no region "constructor"');
  refused({ kind: "region-linked", a: "asia", b: "us", link: {} }, 'there is no region "asia"');
  refused({ kind: "region-linked", a: "us", b: "eu", link: {} }, '"us" does not come before "eu"');
  refused({ kind: "region-linked", a: "eu", b: "eu", link: {} }, '"eu" does not come before "eu"');
  const none = { a: "asia", b: "us" };
  for (
    const kind of ["region-unlinked", "region-link-broken", "region-link-restored"] as const
  ) refused({ kind, ...none }, 'the regions "asia" and "us" have no link');
});
