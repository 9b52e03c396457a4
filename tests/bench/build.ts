// Builds "R home routers on the IX, D devices each" back to back: build.ts R D [repeats].
// Prints a JSON line a repeat, as floor.c and script.sh do.
import { Lab } from "@netyard/netyard";

const [routers, devices, repeats = 1] = Deno.args.map(Number);
for (let n = 0; n < repeats; n++) {
  const before = availableKb();
  const started = performance.now();
  const lab = await Lab.create({ label: "bench", seed: 1 });
  for (let i = 0; i < routers; i++) {
    const gateway = await lab.addRouter(`r${i}`, { preset: "home" });
    for (let j = 0; j < devices; j++) {
      await lab.addDevice(`r${i}d${j}`, { interfaces: { eth0: { gateway } } });
    }
  }
  const built = performance.now();
  const memoryKb = before - availableKb();
  const closing = performance.now();
  await lab.close();
  const closeMs = performance.now() - closing;
  console.log(JSON.stringify({ buildMs: built - started, closeMs, memoryKb }));
}

function availableKb(): number {
  const text = new TextDecoder().decode(
    new Deno.Command("grep", { args: ["MemAvailable", "/proc/meminfo"] }).outputSync().stdout,
  );
  return Number(/\d+/.exec(text));
}
