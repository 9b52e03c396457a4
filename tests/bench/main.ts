// deno task bench: how fast Netyard is, beside baselines of the same run.
import { benchBuild } from "./bench_build.ts";
import { benchCheck } from "./bench_check.ts";
import { benchDevtools } from "./bench_devtools.ts";
import { benchHello } from "./bench_hello.ts";
import { benchLinks } from "./bench_links.ts";
import { benchNat64 } from "./bench_nat64.ts";
import { benchPath } from "./bench_path.ts";
import { benchPackets } from "./bench_packets.ts";
import { benchRecord } from "./bench_record.ts";
import { benchSims } from "./bench_sims.ts";
import { benchVms } from "./bench_vms.ts";
import { benchUse } from "./bench_use.ts";
import { close } from "./baselines.ts";

const parts: Record<string, () => Promise<void>> = {
  use: benchUse,
  hello: benchHello,
  check: benchCheck,
  path: benchPath,
  nat64: benchNat64,
  links: benchLinks,
  vms: benchVms,
  sims: benchSims,
  record: benchRecord,
  build: benchBuild,
  devtools: benchDevtools,
  packets: benchPackets,
};

const wanted = Deno.args.length ? Deno.args : Object.keys(parts);
for (const name of wanted) {
  if (!parts[name]) throw new Error(`no benchmark "${name}"; there are: ${Object.keys(parts)}`);
  await parts[name]();
}
await close();
