import { resolveFirewall } from "../../lib/firewall/config.ts";
import { firewallRuleset } from "../../lib/firewall/ruleset.ts";
import { resolveNat } from "../../lib/nat/config.ts";
import { natRuleset } from "../../lib/nat/ruleset.ts";
import { floorTimes, scriptTimes, TEMPLATE_WAN, type Times } from "./baselines.ts";
import { nodeCount } from "./build.ts";
import { settled } from "./settle.ts";
import { formatTable, median, ms, times } from "./stats.ts";

const SIZES: [routers: number, devices: number][] = [[2, 1], [10, 4], [50, 4], [100, 9]];
const FRESH = 3;
const BACK_TO_BACK = 5;

/** What a router of the preset "home" loads, for the baselines to load too. */
function homeRuleset(): string {
  const nat = resolveNat("home");
  if (!nat) throw new Error("the preset home has a NAT");
  const place = { uplink: "ix", ip: TEMPLATE_WAN, seed: 1 };
  return natRuleset(nat, place) + (firewallRuleset(resolveFirewall("block-inbound"), "ix") ?? "");
}

/** Runs a script of this folder in a process of its own; resolves with the JSON that it prints. */
async function script(name: string, ...args: number[]) {
  const { pathname } = new URL(name, import.meta.url);
  const { stdout, success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", pathname, ...args.map(String)],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => JSON.parse(line));
}

const netyardTimes = (r: number, d: number, repeats: number): Promise<Times[]> =>
  script("build.ts", r, d, repeats);

/** Takes turns, so that a machine whose speed drifts is the same for all. */
async function fresh(r: number, d: number, rules: string) {
  const runs = {
    netyard: [] as Times[],
    plain: [] as Times[],
    careful: [] as Times[],
    floor: [] as Times[],
  };
  for (let i = 0; i < FRESH; i++) {
    await settled();
    runs.netyard.push(...await netyardTimes(r, d, 1));
    await settled();
    runs.plain.push(...await scriptTimes("plain", r, d, rules, 1));
    await settled();
    runs.careful.push(...await scriptTimes("careful", r, d, rules, 1));
    await settled();
    runs.floor.push(...await floorTimes(r, d, rules, 1) ?? []);
  }
  return runs;
}

const build = (runs: Times[]) => runs.length ? median(runs.map((t) => t.buildMs)) : NaN;

/** Prints building and closing beside the shell script and the floor. */
export async function benchBuild(): Promise<void> {
  const rules = homeRuleset();
  const rows = [[
    "routers, devices each",
    "netyard ms",
    "script ms",
    "careful script ms",
    "floor ms",
    "to script",
    "to careful",
    "to floor",
    "close ms",
  ]];
  const again = [[
    "five back to back",
    "netyard ms",
    "careful script ms",
    "floor ms",
    "to careful",
    "to floor",
  ]];
  for (const [r, d] of SIZES) {
    const runs = await fresh(r, d, rules);
    const [n, f] = [build(runs.netyard), build(runs.floor)];
    const [plain, careful] = [build(runs.plain), build(runs.careful)];
    rows.push([
      `${r}, ${d}`,
      ms(n),
      ms(plain),
      ms(careful),
      ms(f),
      times(n, plain),
      times(n, careful),
      times(n, f),
      ms(median(runs.netyard.map((t) => t.closeMs))),
    ]);
    await settled();
    const sum = (list: Times[]) => list.reduce((total, t) => total + t.buildMs + t.closeMs, 0);
    const netyard = sum(await netyardTimes(r, d, BACK_TO_BACK));
    await settled();
    const script = sum(await scriptTimes("careful", r, d, rules, BACK_TO_BACK));
    await settled();
    const floor = sum(
      await floorTimes(r, d, rules, BACK_TO_BACK) ?? [{ buildMs: NaN, closeMs: 0 }],
    );
    again.push([
      `${r}, ${d}`,
      ms(netyard),
      ms(script),
      ms(floor),
      times(netyard, script),
      times(netyard, floor),
    ]);
  }
  console.log(`Building, median of ${FRESH}, each on an idle kernel\n${formatTable(rows)}\n`);
  console.log(`${formatTable(again)}\n`);
  await settled();
  const [hundred] = await netyardTimes(100, 9, 1);
  await settled();
  const [double] = await netyardTimes(200, 9, 1);
  const ratio = double.buildMs / nodeCount(200, 9) / (hundred.buildMs / nodeCount(100, 9));
  console.log(
    `2,001 nodes: ${ms(double.buildMs)} ms, ${ratio.toFixed(2)} of the time a node at 1,001`,
  );
  await settled();
  const [kib] = await script("memory.ts");
  console.log(`Memory a node: ${kib.toFixed(0)} KiB\n`);
}
