/**
 * Run by `descriptors_test.ts` in a process of its own, since tests that run in parallel share one
 * table of descriptors. Prints what left descriptors open, one line each.
 */
import { Namespace } from "../../../native/namespace.ts";
import { pathExists } from "../../../native/libc.ts";
import { failAt, OPERATIONS, Site } from "../fault/faults.ts";
import { REFUSALS, World } from "../options/refusals/mod.ts";

/** All descriptors of this process that are open, but for what namespaces keep for their next use. */
export function openDescriptors(): number[] {
  Namespace.dropSockets();
  const all = Array.from({ length: 1024 }, (_, fd) => fd);
  return all.filter((fd) => pathExists(`/proc/self/fd/${fd}`));
}

/** More than any operation has. */
const MOST_STEPS = 200;

/** Whether something failed, and the descriptors that it left open. */
async function outcome(act: () => unknown): Promise<{ failed: boolean; left: number[] }> {
  const before = openDescriptors();
  let failed = false;
  try {
    await act();
  } catch {
    failed = true; // Whether the error is the right one is another test's question.
  }
  return { failed, left: openDescriptors().filter((fd) => !before.includes(fd)) };
}

function report(name: string, left: number[]): void {
  if (left.length > 0) console.log(`${name}: ${left}`);
}

if (import.meta.main) {
  await using world = await World.create();
  for (const [name, ask] of REFUSALS) report(name, (await outcome(() => ask(world))).left);
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    await using site = await Site.create();
    // Each of its steps fails once, until there is none left that could.
    for (let n = 0;; n++) {
      using _failing = failAt(n);
      const { failed, left } = await outcome(() => operation(site));
      if (!failed) break;
      report(`${name}: step ${n}`, left);
      if (n > MOST_STEPS) throw new Error(`${name} does not end`);
    }
  }
}
