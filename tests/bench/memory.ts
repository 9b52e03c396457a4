// Prints the memory of a node, in KiB: of the kernel and of this process together.
import { buildLab, nodeCount } from "./build.ts";

const ROUTERS = 50;
const DEVICES = 9;

// The kernel keeps what earlier labs freed for the next: this one takes it.
await using _first = await buildLab(ROUTERS, DEVICES);
const before = availableKb();
await using _second = await buildLab(ROUTERS, DEVICES);
console.log((before - availableKb()) / nodeCount(ROUTERS, DEVICES));

function availableKb(): number {
  const text = new TextDecoder().decode(
    new Deno.Command("grep", { args: ["MemAvailable", "/proc/meminfo"] }).outputSync().stdout,
  );
  return Number(/\d+/.exec(text));
}
