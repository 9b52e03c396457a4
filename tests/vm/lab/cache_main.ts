/**
 * Run by `cache_test.ts` with a cache of its own: boots machines in the requested ways, and prints how
 * QEMU was started for each, and how long it took.
 */
import { Lab, type VmOptions } from "@netyard/netyard";

await using lab = await Lab.create();
let made = 0;

async function boot(options: VmOptions = {}): Promise<{ how: string[]; ms: number; offS: number }> {
  const vm = lab.vm(`m${made++}`, { bridges: [lab.bridge("lan")], ...options });
  const how: string[] = [];
  const watching = (async () => {
    for await (const event of lab.events()) {
      if (event.kind === "command-started" && event.node === vm.name) {
        how.push(event.argv.includes("-incoming") ? "resumed" : "cold");
      }
      if (event.kind === "custom" && event.name === vm.name) break;
    }
  })();
  const started = performance.now();
  await vm.boot();
  const ms = performance.now() - started;
  lab.emit(vm.name);
  await watching;
  const start = Date.now();
  const time = Number((await vm.run("date +%s")).stdout) * 1000;
  // The guest's clock was read at some moment since, in whole seconds.
  const offS = Math.max(0, start - time - 1000, time - Date.now()) / 1000;
  await vm.powerOff();
  return { how, ms, offS };
}

const cache = `${Deno.env.get("NETYARD_CACHE")}/boots`;
const steps: Record<string, () => Promise<unknown>> = {
  both: () => Promise.all([boot(), boot()]),
  boot: () => boot(),
  without: () => boot({ bootCache: false }),
  async damaged() {
    for (const { name, isDirectory } of Deno.readDirSync(cache)) {
      if (!isDirectory) continue;
      const state = await Deno.readFile(`${cache}/${name}/state`);
      state[state.length >> 1] ^= 0xff;
      await Deno.writeFile(`${cache}/${name}/state`, state);
    }
    return await boot();
  },
};
const results: Record<string, unknown> = {};
for (const [i, step] of Deno.args.entries()) results[`${i}-${step}`] = await steps[step]();
console.log(JSON.stringify(results));
