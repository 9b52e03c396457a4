// Builds "R home routers on the IX, D devices each" back to back: build.ts R D [repeats].
// Prints a JSON line a repeat, as floor.c and script.sh do.
import { Lab } from "@netyard/netyard";

/** Builds the topology that the baselines build. */
export async function buildLab(routers: number, devices: number): Promise<Lab> {
  const lab = await Lab.create({ label: "bench", seed: 1 });
  for (let i = 0; i < routers; i++) {
    const gateway = await lab.addRouter(`r${i}`, { preset: "home" });
    for (let j = 0; j < devices; j++) {
      await lab.addDevice(`r${i}d${j}`, { interfaces: { eth0: { gateway } } });
    }
  }
  return lab;
}

/** How many namespaces that takes. */
export const nodeCount = (routers: number, devices: number): number => 1 + routers * (1 + devices);

if (import.meta.main) {
  const [routers, devices, repeats = 1] = Deno.args.map(Number);
  for (let n = 0; n < repeats; n++) {
    const started = performance.now();
    const lab = await buildLab(routers, devices);
    const built = performance.now();
    await lab.close();
    const closeMs = performance.now() - built;
    console.log(JSON.stringify({ buildMs: built - started, closeMs }));
  }
}
