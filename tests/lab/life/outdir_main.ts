/** Run by `events_test.ts`: makes a lab, and prints where it was recorded. */
import { Lab } from "@netyard/netyard";

await using lab = await Lab.create({ label: "from-env", outDir: Deno.args[0] });
console.log(lab.outDir);
