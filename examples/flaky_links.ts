// A camera on a building site whose link fails on a schedule, and the events of the lab that report it
// afterwards.
//
//   camera -- carrier (CGNAT) ----- IX ----- dc -- server
//
// A plug is loose: the link goes down and up until it is repaired; then the network is slow for a while,
// and in the middle of that it is down. Faults overlap: when one ends, the others stay effective,
// whatever begins or ends meanwhile. Functions can be steps too: these make the camera send pictures.
//
// deno run -P examples/flaky_links.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { assertEquals, assertGreaterOrEqual } from "@std/assert";

await using lab = await Lab.create({ label: "flaky-links" });
const dc = await lab.addRouter("dc", { preset: "public" });
const carrier = await lab.addRouter("carrier", { preset: "isp-cgnat" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const camera = await lab.addDevice("camera", { interfaces: { wwan0: { gateway: carrier } } });
await using reflector = await server.spawnReflector();

/** Returns the start of the schedule on the timeline of the lab. */
const dayBegins = () => lab.emit("the day begins");

/** Sends a picture, and emits whether it arrived. */
const picture = (timeoutMs?: number) =>
  async function takePicture() {
    const sent = camera.probeUdpMapping(reflector.address, { timeoutMs });
    const arrived = await sent.then(() => true, () => false);
    lab.emit(arrived ? "picture arrived" : "picture lost", null, camera);
  };

const happened = Array.fromAsync(lab.events());
const link = { node: camera, interface: "wwan0" };
// Functions may take time; the one that fails has a short deadline.
const day = lab.schedule([
  { at: 0, do: dayBegins },
  { at: "50ms", do: picture() },
  { at: "200ms", do: { kind: "flap", ...link, down: "100ms", up: "150ms" }, name: "loose plug" },
  { at: "800ms", do: { heal: "loose plug" } },
  { at: "1s", do: { kind: "degrade", ...link, condition: "mobile-3g" }, for: "1200ms" },
  { at: "1300ms", do: { kind: "link-down", ...link }, for: "500ms", name: "no network" },
  { at: "1400ms", do: picture(200) },
  { at: "2500ms", do: picture() },
]);
const results = await day.done;
assertEquals([camera.interface("wwan0").isUp, lab.faults], [true, []]);
await lab.close(); // With it, the events end.

const events = await happened;
const begins = events.find(({ kind }) => kind === "custom")!;
const startMs = begins.elapsedMs - results[0].actualMs;
const lines = events.slice(events.indexOf(begins) + 1).flatMap((event): Line[] => {
  const atMs = event.elapsedMs - startMs;
  switch (event.kind) {
    case "schedule-step":
      return [{ atMs: event.actualMs, asked: `${event.askedMs} ms`, what: describe(event.action) }];
    case "link-down":
    case "link-up":
      return [{ atMs, asked: "", what: `  ${event.node} ${event.name}: ${event.kind}` }];
    case "condition-changed":
      return [{ atMs, asked: "", what: `  ${event.node} ${event.name}: ${event.condition}` }];
    case "custom":
      return [{ atMs, asked: "", what: `  ${event.node}: ${event.name}` }];
    default:
      return [];
  }
}).sort((a, b) => a.atMs - b.atMs);
console.log(formatTable([
  ["asked", "actual", "what"],
  ...lines.map(({ asked, atMs, what }) => [asked, `${atMs.toFixed(1)} ms`, what]),
]));

// On a busy host a step may be late, but it is never early and never out of order.
for (const { askedMs, actualMs } of results) assertGreaterOrEqual(actualMs, askedMs);
assertEquals(results.map(({ step }) => step), [0, 1, 2, 3, 4, 5, 6, 5, 4, 7]);

const effects = lines.filter(({ asked }) => asked === "").map(({ what }) => what.trim());
const only = (...ends: string[]) =>
  effects.filter((what) => ends.some((end) => what.endsWith(end)));
assertEquals(only("arrived", "lost"), [
  "camera: picture arrived",
  "camera: picture lost",
  "camera: picture arrived",
]);
assertEquals(only("mobile-3g", "null"), ["camera wwan0: mobile-3g", "camera wwan0: null"]);
const ups = only("link-down", "link-up");
assertGreaterOrEqual(ups.length, 2 * 2, "the plug was loose, and the network gone");
assertEquals(ups, ups.map((_, i) => `camera wwan0: link-${i % 2 === 0 ? "down" : "up"}`));

interface Line {
  atMs: number;
  asked: string;
  what: string;
}

/** Describes a step: its fault, what it healed, or the name of its function. */
function describe(action: unknown): string {
  if (typeof action === "string") return `${action}()`;
  const { heal, kind } = action as { heal?: string | number; kind?: string };
  return kind ?? `heal ${typeof heal === "number" ? `step ${heal}` : heal}`;
}
