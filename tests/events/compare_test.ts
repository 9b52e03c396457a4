import { assertEquals } from "@std/assert";
import { compareRuns, EventBus, type LabEventBody } from "@netyard/netyard";

/** The events of a lab with a device and a router, and of what else is given. */
function run(...bodies: LabEventBody[]) {
  using bus = new EventBus({ now: () => Math.random() * 1e12, elapsed: () => Math.random() });
  bus.emit({ kind: "lab-created", label: "hello", seed: 1 });
  const router = {
    ...{ name: "home", nat: "home", natV6: "none", firewall: "none", ipSupport: "dual-stack" },
    ...{ upstream: null, region: null, mtu: 1500, interfaces: [] },
  };
  bus.emit({ kind: "router-added", name: "home", router });
  const device = { name: "laptop", mtu: 1500, defaultInterface: null, interfaces: [] };
  bus.emit({ kind: "device-added", name: "laptop", device });
  for (const body of bodies) bus.emit(body);
  return [...bus.history];
}

const nat = (nat: string): LabEventBody => ({ kind: "nat-changed", router: "home", nat });
const started = (id: string, ...argv: string[]): LabEventBody => ({
  ...{ kind: "command-started", node: "laptop", id, argv },
});

Deno.test("runs with the same events are the same, whenever and in which order nodes did them", () => {
  const before = run(nat("cgnat"), started("c1", "ping"));
  assertEquals(compareRuns(before, run(nat("cgnat"), started("c1", "ping"))), []);
  assertEquals(compareRuns(before, run(started("c9", "ping"), nat("cgnat"))), []);
  assertEquals(compareRuns([], []), []);
});

Deno.test("the data of custom events is measured, and not compared; their names are", () => {
  const custom = (name: string, data: unknown): LabEventBody => ({
    ...{ kind: "custom", node: "laptop", name, data },
  });
  assertEquals(compareRuns(run(custom("rtt", 1)), run(custom("rtt", 2))), []);
  assertEquals(compareRuns(run(custom("rtt", 1)), run(custom("loss", 1))).length, 1);
});

Deno.test("each node that differs is listed once, the one that parted first at the head", () => {
  const before = run(nat("cgnat"), nat("home"), started("c1", "ping"));
  const after = run(started("c1", "curl"), started("c2", "ping"), nat("cgnat"), nat("corporate"));
  assertEquals(
    compareRuns(before, after).map(({ node, same, before, after }) => [
      ...[node, same, before?.seq, after?.seq],
    ]),
    [["laptop", 1, 5, 3], ["home", 2, 4, 6]],
  );
});

Deno.test("a history that ends before the other parts there", () => {
  const short = run();
  const long = run(nat("cgnat"));
  assertEquals(compareRuns(short, long), [{ node: "home", same: 1, after: long[3] }]);
  assertEquals(compareRuns(long, short), [{ node: "home", same: 1, before: long[3] }]);
  const only = compareRuns(short, []);
  assertEquals(only.map(({ same, after }) => [same, after]), [[0, undefined], [0, undefined], [
    0,
    undefined,
  ]]);
});
